"""Two simulated banks and the closing quotes, taken in, staged, and compared with the truth."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator import simulate
from ingestion.simulator.bank_lines import bank_accounts
from ingestion.simulator.world import build_world
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.truth import truth_checks
from quality.truth_banks import BANK_COMPARISONS
from tests.ingestion.lake import one, rows
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

pytestmark = pytest.mark.dbt

SEED, DAYS, ACCOUNTS = 5, 24, 14
HELD = frozenset(table for comparison in BANK_COMPARISONS for table in comparison.needs)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """The broker with its banks and quotes loaded and staged."""
    folder = tmp_path_factory.mktemp("banks") / "broker"
    simulate(SEED, DAYS, ACCOUNTS, folder)
    settings = load_settings(folder / "daybook.toml")
    for name in ("bank_eur", "bank_usd", "reference"):
        report = sync_once(settings, name).sources[0]
        assert not report.problems, name
        assert report.quarantined == 0
    built = run_dbt(
        settings, ["build", "--select", "staging.bank", "staging.reference", "staging.sanctions"]
    )
    assert not built.failed, [(node.name, node.message) for node in built.failed]
    return settings, folder


def test_the_books_equal_the_truth(broker: tuple[Settings, Path]) -> None:
    settings, folder = broker
    with connect("read", settings=settings) as con:
        checks = truth_checks(con, folder / "truth", HELD)
    assert {check.id for check in checks} == {comparison.id for comparison in BANK_COMPARISONS}
    assert [(check.id, check.broken) for check in checks if check.broken] == []
    assert all(check.population for check in checks)


def test_a_wrong_truth_is_found(broker: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, folder = broker
    for name in ("bank_balances", "bank_wires", "closing_quotes"):
        frame = pl.read_parquet(folder / "truth" / f"{name}.parquet")
        frame.tail(-1).write_parquet(tmp_path / f"{name}.parquet")
    with connect("read", settings=settings) as con:
        checks = truth_checks(con, tmp_path, HELD)
    assert [check.broken for check in checks] == [1, 1, 1]


def test_every_wire_of_the_crm_is_at_a_bank(broker: tuple[Settings, Path]) -> None:
    settings, folder = broker
    requests = pl.read_csv(folder / "crm" / "cash_requests.csv", infer_schema=False)
    wired = requests.filter((pl.col("psp") == "bank") & (pl.col("status") == "processed"))
    found = rows(
        settings,
        "SELECT payment_reference, abs(amount) FROM lake.staging.stg_bank__entry_details "
        "WHERE payment_reference IS NOT NULL ORDER BY 1",
    )
    assert found == [
        (request, Decimal(amount).quantize(Decimal("0.00000001")))
        for request, amount in wired.sort("request_id").select("request_id", "amount").rows()
    ]


def test_a_batch_is_staged_on_two_levels_and_announced_apart(
    broker: tuple[Settings, Path],
) -> None:
    settings, _ = broker
    batches = rows(
        settings,
        "SELECT e.amount, sum(d.amount), e.detail_count, count(*) "
        "FROM lake.staging.stg_bank__entries AS e "
        "INNER JOIN lake.staging.stg_bank__entry_details AS d USING (statement_id, entry_id) "
        "WHERE e.bank_source_id = 'bank_eur' AND e.detail_count > 1 "
        "GROUP BY e.statement_id, e.entry_id, e.amount, e.detail_count",
    )
    assert batches
    assert all(whole == parts and count == found for whole, parts, count, found in batches)
    assert one(settings, "SELECT count(*) FROM lake.staging.stg_bank__notification_entries") == 1


def test_statements_tie_and_follow_on_each_other(broker: tuple[Settings, Path]) -> None:
    settings, _ = broker
    assert one(
        settings,
        "SELECT count(*) FROM lake.staging.stg_bank__statements WHERE difference_amount <> 0",
    ) == 0  # fmt: skip
    reversals = rows(
        settings,
        "SELECT DISTINCT bank_source_id FROM lake.staging.stg_bank__entries "
        "WHERE is_reversal ORDER BY 1",
    )
    assert reversals == [("bank_eur",), ("bank_usd",)]


@pytest.mark.unit
def test_the_same_world_gives_the_same_lines() -> None:
    first, second = (bank_accounts(build_world(3, 20, 12, None, None)) for _ in range(2))
    assert [a.closings() for a in first] == [a.closings() for a in second]
    assert all(closed > 0 for account in first for _, _, closed in account.closings())
