"""CoinsPaid: amounts as texts, statuses that overtake each other, its own samples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.webhook_samples import coinspaid, write_lines
from warehouse.settings import SourceSettings


def source(folder: Path) -> SourceSettings:
    """A CoinsPaid source."""
    return SourceSettings(name="coinspaid", kind="coinspaid", path=folder)


def test_amounts_and_ids_are_kept_to_the_last_digit(home: Path, tmp_path: Path) -> None:
    body = coinspaid(
        currency_sent={"currency": "ETH", "amount": "0.123456789012345678"},
        currency_received={"currency": "EUR", "amount": 381, "amount_minus_fee": 0.108823},
        fees=[{"type": "transfer", "currency": "ETH", "amount": "0.000000005"}],
    )
    write_lines(tmp_path / "in" / "log.jsonl", body)
    settings = settings_for(home, source(tmp_path / "in"))
    report = sync_once(settings).sources[0]
    assert "2 rows state amounts with more than 8 decimals" in report.problems[0].what
    assert not report.failed
    assert rows(
        settings,
        "SELECT operation_id, sent_amount::VARCHAR, sent_amount_exact, received_amount::VARCHAR, "
        f"received_amount_exact, received_amount_minus_fee::VARCHAR "
        f"FROM {current('coinspaid_callbacks')}",
    ) == [
        ("7000000000000000001", "0.12345679", "0.123456789012345678", "381.00000000", None,
         "0.10882300")
    ]  # fmt: skip
    assert rows(settings, "SELECT amount::VARCHAR, amount_exact FROM lake.raw.coinspaid_fees") == [
        ("0.00000001", "0.000000005")
    ]


def test_a_status_nobody_knows_waits_in_quarantine(home: Path, tmp_path: Path) -> None:
    write_lines(
        tmp_path / "in" / "log.jsonl",
        coinspaid(1),
        coinspaid(2, status="melted"),
        coinspaid(3, currency_sent={"currency": "BTC", "amount": "1,5"}),
        coinspaid(4, id=None),
    )
    settings = settings_for(home, source(tmp_path / "in"))
    sync_once(settings)
    assert one(settings, f"SELECT count(*) FROM {current('coinspaid_callbacks')}") == 1
    refused = rows(
        settings, "SELECT row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 1"
    )
    assert [(number, column) for number, column, _ in refused] == [
        (2, "status"),
        (3, "sent_amount"),
        (4, "operation_id"),
    ]
    assert "status is none of: created, pending" in refused[0][2]
    assert "log.jsonl row 3" in refused[1][2]


def test_one_body_in_other_spacing_is_the_same_callback(home: Path, tmp_path: Path) -> None:
    folder, body = tmp_path / "in", coinspaid(1)
    write_lines(folder / "a.jsonl", body, at=1_790_000_000)
    settings = settings_for(home, source(folder))
    sync_once(settings)
    turned = dict(reversed(body.items()))
    (folder / "b.json").write_text(json.dumps([turned], indent=2), "utf-8")
    assert sync_once(settings).sources[0].loads == 0
    assert one(settings, "SELECT count(*) FROM lake.raw.coinspaid_fees") == 1


def test_coinspaids_own_samples_load(home: Path, tmp_path: Path, reference_data: Path) -> None:
    folder = tmp_path / "in"
    shutil.copytree(reference_data / "sources/coinspaid", folder)
    settings = settings_for(home, source(folder))
    report = sync_once(settings).sources[0]
    assert report.problems == ()
    assert (report.quarantined, len(list(folder.iterdir()))) == (0, 11)
    assert rows(
        settings,
        f"SELECT type, status, count(*) FROM {current('coinspaid_callbacks')} GROUP BY ALL "
        "ORDER BY ALL",
    ) == [
        ("deposit", "confirmed", 2),
        ("deposit", "not_confirmed", 1),
        ("deposit_exchange", "confirmed", 1),
        ("exchange", "confirmed", 1),
        ("invoice", "confirmed", 1),
        ("invoice", "failed", 1),
        ("invoice", "processing", 1),
        ("withdrawal", "confirmed", 2),
        ("withdrawal_exchange", "confirmed", 1),
    ]
    assert rows(
        settings,
        "SELECT sent_amount::VARCHAR, received_currency, received_amount::VARCHAR, "
        "received_amount_minus_fee::VARCHAR, address_foreign_id "
        f"FROM {current('coinspaid_callbacks')} WHERE operation_id = '2686510'",
    ) == [("0.01000000", "EUR", "84.17070222", "79.96216711", "13a")]
    assert one(settings, "SELECT count(*) FROM lake.raw.coinspaid_fees") == 11
    assert one(settings, "SELECT count(*) FROM lake.raw.coinspaid_transfers") == 12
    assert sync_once(settings).sources[0].loads == 0
