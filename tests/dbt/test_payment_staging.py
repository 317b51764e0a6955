"""Staging of payment providers and KYC vendors: the simulator's truth, and states that hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.simulator import simulate
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.findings import Check
from quality.lake_tables import held_tables
from quality.truth import truth_checks
from tests.ingestion.webhook_samples import (
    coinbase_commerce,
    coinspaid,
    onfido,
    received,
    sumsub,
    write_lines,
)
from warehouse.connection import connect
from warehouse.settings import Settings, SourceSettings, load_settings

pytestmark = pytest.mark.dbt

SIMULATED = ("wallet", "coinspaid", "sumsub")
KINDS = ("coinspaid", "coinbase_commerce", "sumsub", "onfido")
MODELS = ["ref_coinspaid_statuses", "staging.psp", *(f"staging.{kind}" for kind in KINDS)]
PAYMENT = {
    "network": "ethereum", "transaction_id": "0xabc", "status": "CONFIRMED",
    "detected_at": "2026-10-10T10:59:00Z",
    "value": {"local": {"amount": "100.00", "currency": "EUR"},
              "crypto": {"amount": "0.01234567", "currency": "ETH"}},
}  # fmt: skip


def write_webhooks(folder: Path) -> None:
    """Callbacks in an order that must not matter."""
    write_lines(
        folder / "coinspaid" / "log.jsonl",
        received(coinspaid(1, "confirmed"), "2026-10-28T08:00:00Z"),
        received(coinspaid(1, "not_confirmed"), "2026-10-28T09:00:00Z"),
        received(coinspaid(2, "processing"), "2026-10-28T08:00:00Z"),
        received(coinspaid(2, "cancelled"), "2026-10-28T08:30:00Z"),
        received(coinspaid(2, "not_confirmed"), "2026-10-28T08:40:00Z"),
        received(coinspaid(2, "confirmed", type="withdrawal_exchange", foreign_id="700001"),
                 "2026-10-28T08:50:00Z"),
    )  # fmt: skip
    paid = [{"time": "2026-10-10T08:00:00Z", "status": "NEW"},
            {"time": "2026-10-10T11:00:00Z", "status": "COMPLETED"}]  # fmt: skip
    write_lines(
        folder / "coinbase_commerce" / "log.jsonl",
        coinbase_commerce(3, "charge:confirmed", timeline=paid, payments=[PAYMENT]),
        coinbase_commerce(1),
    )
    write_lines(folder / "sumsub" / "log.jsonl", sumsub(2, "RED"), sumsub(1, "GREEN"))
    check = {
        "id": "check-1",
        "applicant_id": "a-1",
        "status": "complete",
        "result": "clear",
        "report_ids": [],
        "tags": ["client:C1"],
        "created_at": "2026-10-11T14:00:00Z",
    }
    write_lines(folder / "onfido" / "log.jsonl", onfido(1), check)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small simulated broker and a few webhooks of our own, loaded and staged once."""
    folder = tmp_path_factory.mktemp("payments")
    simulate(seed=11, days=20, accounts=15, out=folder)
    write_webhooks(folder / "own")
    simulated = load_settings(folder / "daybook.toml")
    made = simulated.model_copy(
        update={
            "sources": [source for source in simulated.sources if source.name in SIMULATED]
            + [
                SourceSettings(name=f"own_{kind}", kind=kind, path=folder / "own" / kind,
                               tenant="own")
                for kind in KINDS
            ]
        }
    )  # fmt: skip
    report = sync_once(made)
    assert not report.failed, [source.problems for source in report.sources]
    result = run_dbt(made, ["build", "--select", *MODELS])
    assert not result.failed, [(node.name, node.message) for node in result.failed]
    return made


def queried(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of one query."""
    with connect("read", settings=settings) as con:
        return con.execute(query).fetchall()


def compared(settings: Settings, folder: Path) -> dict[str, Check]:
    """The truth checks by id; the simulated broker is tenant demo."""
    with connect("read", settings=settings) as con:
        return {check.id: check for check in truth_checks(con, folder, held_tables(con))}


def test_every_simulated_figure_is_the_truths(settings: Settings, tmp_path: Path) -> None:
    assert settings.truth_path is not None
    for name, key in (("wallet_totals", "gross"), ("coinspaid_totals", "fee"),
                      ("kyc_answers", "events")):  # fmt: skip
        truth = pl.read_parquet(settings.truth_path / f"{name}.parquet")
        assert truth.height
        # What another tenant holds is no part of the simulated broker's truth: add it here.
        _add_own(name, truth).write_parquet(tmp_path / f"{name}.parquet")
        held = compared(settings, tmp_path)[f"truth_{name}"]
        assert held.holds, held
        spoiled = pl.read_parquet(tmp_path / f"{name}.parquet").with_columns(pl.col(key) + 1)
        spoiled.write_parquet(tmp_path / f"{name}.parquet")
        assert compared(settings, tmp_path)[f"truth_{name}"].broken == spoiled.height


def _add_own(name: str, truth: pl.DataFrame) -> pl.DataFrame:
    own: dict[str, list[tuple[Any, ...]]] = {
        # The two confirmed operations: 63.12 EUR in for 0.50, 0.00108823 BTC out, its fee in EUR.
        "coinspaid_totals": [
            ("own", "coinspaid", "BTC", "-0.00108823", "0", "-0.00108823", "1"),
            ("own", "coinspaid", "EUR", "63.12", "0.5", "62.62", "1"),
        ],
        "kyc_answers": [("own", "C1", "RED", None, 2)],
    }
    extra = pl.DataFrame(own.get(name, []), schema=truth.columns, orient="row", strict=False)
    return pl.concat([truth, extra.cast(dict(truth.schema))])


def test_the_wallets_times_signs_and_settlements(settings: Settings) -> None:
    assert queried(
        settings,
        """
        SELECT count(*) FILTER (event_at_utc <> event_at_local - INTERVAL 2 HOUR)
        FROM lake.staging.stg_psp__transactions
        WHERE event_zone = 'Europe/Berlin' AND event_at_local < '2026-10-25'
        """,
    ) == [(0,)]
    settlements = queried(
        settings,
        """
        SELECT sum(net_amount)::VARCHAR FROM lake.staging.stg_psp__transactions
        WHERE batch_id IS NOT NULL GROUP BY batch_id, net_currency
        """,
    )
    assert settlements
    assert set(settlements) == {("0.00000000",)}
    unknown = queried(
        settings,
        """
        SELECT merchant_reference FROM lake.staging.stg_psp__transactions
        WHERE event_type IN ('deposit', 'withdrawal') AND merchant_reference IS NULL
        """,
    )
    assert unknown == []


def test_a_confirmed_operation_is_not_undone_by_a_late_callback(settings: Settings) -> None:
    assert queried(
        settings,
        """
        SELECT
            operation_id, type, status, is_final, callback_count, client_reference,
            merchant_reference, first_received_at_utc::VARCHAR, status_received_at_utc::VARCHAR
        FROM lake.staging.stg_coinspaid__transactions WHERE tenant_id = 'own' ORDER BY ALL
        """,
    ) == [
        ("7000000000000000001", "deposit_exchange", "confirmed", True, 2, "C1", None,
         "2026-10-28 08:00:00", "2026-10-28 08:00:00"),
        ("7000000000000000002", "deposit_exchange", "cancelled", True, 3, "C2", None,
         "2026-10-28 08:00:00", "2026-10-28 08:30:00"),
        ("7000000000000000002", "withdrawal_exchange", "confirmed", True, 1, "C2", "700001",
         "2026-10-28 08:50:00", "2026-10-28 08:50:00"),
    ]  # fmt: skip
    # Fees of the callback that holds, once.
    assert queried(
        settings,
        "SELECT operation_id, fee_amount::VARCHAR FROM lake.staging.stg_coinspaid__fees "
        "WHERE tenant_id = 'own' AND operation_type = 'deposit_exchange' ORDER BY 1",
    ) == [("7000000000000000001", "0.50000000"), ("7000000000000000002", "0.00000000")]


def test_a_charge_paid_after_its_expiry(settings: Settings) -> None:
    assert queried(
        settings,
        """
        SELECT charge_code, status, event_count, payment_count, is_paid_after_expiry,
            client_reference
        FROM lake.staging.stg_coinbase_commerce__charges
        """,
    ) == [("CHARGE01", "COMPLETED", 2, 1, True, "C1")]
    assert queried(
        settings,
        "SELECT crypto_currency, crypto_amount::VARCHAR "
        "FROM lake.staging.stg_coinbase_commerce__payments",
    ) == [("ETH", "0.01234567")]


def test_both_kyc_vendors_speak_in_one_shape(settings: Settings) -> None:
    common = (
        "applicant_id, client_reference, status, answer, reject_labels, event_at_utc::VARCHAR, "
        "level_name, attempt"
    )
    assert queried(
        settings,
        f"SELECT {common} FROM lake.staging.stg_sumsub__events WHERE tenant_id = 'own' ORDER BY 6",
    ) == [
        ("5cb744200a975a67ed1798a4", "C1", "completed", answer, None, at, "basic", None)
        for answer, at in (
            ("GREEN", "2026-10-11 13:23:19.321"),
            ("RED", "2026-10-12 13:23:19.321"),
        )
    ]
    held = queried(
        settings, f"SELECT {common}, event_type FROM lake.staging.stg_onfido__events ORDER BY 9"
    )
    # The webhook of a check finds its applicant and client in the check itself.
    assert [(row[0], row[1], row[2], row[3], row[8]) for row in held] == [
        ("a-1", "C1", "complete", "clear", "check"),
        ("a-1", "C1", "complete", None, "check.completed"),
    ]


def test_simulated_documents_and_the_crms_status_agree(settings: Settings) -> None:
    assert settings.truth_path is not None
    clients = pl.read_csv(settings.truth_path.parent / "crm" / "clients.csv")
    answers = pl.read_parquet(settings.truth_path / "kyc_answers.parquet")
    joined = clients.join(answers, left_on="client_id", right_on="client_reference")
    assert joined.height == clients.height
    approved = joined.filter(pl.col("kyc_status") == "approved")
    assert approved["answer"].unique().to_list() == ["GREEN"]
    others = joined.filter(pl.col("kyc_status") != "approved")
    assert "GREEN" not in others["answer"].to_list()
