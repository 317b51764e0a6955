"""Coinbase Commerce: attempts of one event, payments after expiry, its own sample."""

from __future__ import annotations

import shutil
from pathlib import Path

from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.webhook_samples import coinbase_commerce, write_lines
from warehouse.settings import SourceSettings


def source(folder: Path, **options: object) -> SourceSettings:
    """A Coinbase Commerce source."""
    return SourceSettings(
        name="commerce", kind="coinbase_commerce", path=folder, options=dict(options)
    )


def test_another_attempt_is_the_same_event(home: Path, tmp_path: Path) -> None:
    first = coinbase_commerce(1)
    second = first | {"id": 99, "attempt_number": 2, "scheduled_for": "2026-10-12T00:00:00Z"}
    write_lines(tmp_path / "in" / "a.jsonl", first, at=1_790_000_000)
    settings = settings_for(home, source(tmp_path / "in"))
    sync_once(settings)
    write_lines(tmp_path / "in" / "b.jsonl", second, at=1_790_009_999)
    assert sync_once(settings).sources[0].loads == 0


def test_one_event_with_two_contents_is_not_settled_in_silence(home: Path, tmp_path: Path) -> None:
    other = coinbase_commerce(1, pricing_type="no_price")
    write_lines(tmp_path / "in" / "a.jsonl", coinbase_commerce(1), other)
    settings = settings_for(home, source(tmp_path / "in"))
    sync_once(settings)
    assert one(settings, "SELECT pricing_type FROM lake.raw.coinbase_commerce_events") == (
        "fixed_price"
    )
    [(number, reason)] = rows(settings, "SELECT row_number, reason FROM lake.raw.quarantine")
    assert (number, reason.split(":")[0]) == (2, "duplicate")


def test_status_timeline_payments_and_client(home: Path, tmp_path: Path) -> None:
    paid = coinbase_commerce(
        2,
        "charge:delayed",
        timeline=[
            {"time": "2026-10-10T11:00:00Z", "status": "UNRESOLVED", "context": "DELAYED"},
            {"time": "2026-10-10T08:00:00Z", "status": "NEW"},
            {"time": "2026-10-10T09:00:00Z", "status": "EXPIRED"},
        ],
        payments=[
            {
                "network": "ethereum",
                "transaction_id": "0xabc",
                "status": "CONFIRMED",
                "detected_at": "2026-10-10T10:59:00Z",
                "value": {
                    "local": {"amount": "100.00", "currency": "EUR"},
                    "crypto": {"amount": "0.012345678901234567", "currency": "ETH"},
                },
                "payer_addresses": ["0xsecret"],
            }
        ],
        metadata={"client": "C7"},
    )
    write_lines(tmp_path / "in" / "a.jsonl", paid)
    settings = settings_for(home, source(tmp_path / "in", client_metadata_key="client"))
    sync_once(settings)
    assert rows(
        settings,
        "SELECT status, status_context, status_at::VARCHAR, timeline_entries, client_reference, "
        f"price_amount::VARCHAR FROM {current('coinbase_commerce_events')}",
    ) == [("UNRESOLVED", "DELAYED", "2026-10-10 11:00:00", 3, "C7", "100.00000000")]
    assert rows(
        settings,
        "SELECT local_amount::VARCHAR, crypto_amount::VARCHAR, crypto_amount_exact "
        f"FROM {current('coinbase_commerce_payments')}",
    ) == [("100.00000000", "0.01234568", "0.012345678901234567")]
    assert "0xsecret" not in str(
        rows(settings, "SELECT * FROM lake.raw.coinbase_commerce_payments")
    )


def test_coinbases_own_sample_loads(home: Path, tmp_path: Path, reference_data: Path) -> None:
    shutil.copytree(reference_data / "sources/coinbase_commerce", tmp_path / "in")
    settings = settings_for(home, source(tmp_path / "in"))
    report = sync_once(settings).sources[0]
    assert report.problems == ()
    assert rows(
        settings,
        "SELECT event_type, event_created_at::VARCHAR, code, status, charge_expires_at::VARCHAR "
        f"FROM {current('coinbase_commerce_events')}",
    ) == [("charge:created", "2017-01-31 20:49:02", "66BEOV2A", "NEW", "2017-01-31 21:04:02")]
