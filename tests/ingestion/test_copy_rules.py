"""PAMM and copy trading in a CRM: what is refused and why, and that a CRM may do without."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.checks import check_batch
from ingestion.connectors.crm.copy_contracts import INVESTMENTS, STRATEGIES
from ingestion.connectors.crm.partner_contracts import AGREEMENTS
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import one
from tests.ingestion.test_files import crm, crm_folder
from warehouse.settings import Settings, SourceSettings

pytestmark = pytest.mark.unit

STRATEGY = {
    "strategy_id": "S1", "kind": "pamm", "server_id": "live", "login": "7",
    "valid_from": "2026-01-01", "management_rate": "0.02", "performance_rate": "0.2",
    "subscription_amount": "25", "subscription_currency": "USD",
}  # fmt: skip
INVESTMENT = {"strategy_id": "S1", "server_id": "live", "login": "1", "valid_from": "2026-01-01"}


def refused(contract: TableContract, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Column and reason of each refused row, the rows given as a file's texts."""
    frame = pl.DataFrame(
        [{column.target: row.get(column.target) for column in contract.columns} for row in rows],
        schema={column.target: pl.String for column in contract.columns},
    )
    found = check_batch(contract, frame).rejected.sort("row_number", "row_key")
    return list(found.select("column_name", "reason").iter_rows())


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"kind": "mam"}, "kind", ""),
        ({"login": None}, "login", ""),
        ({"valid_to": "2026-01-01"}, "valid_to", "not after valid_from"),
        ({"management_rate": "-0.01"}, "management_rate", "management_rate is negative"),
        ({"performance_rate": "-0.2"}, "performance_rate", "performance_rate is negative"),
        ({"subscription_amount": "-1"}, "subscription_amount", "is negative"),
        ({"management_rate": "2"}, "management_rate", "above 1: 20 % is 0.2"),
        ({"performance_rate": "20"}, "performance_rate", "above 1: 20 % is 0.2"),
        ({"subscription_currency": None}, "subscription_currency", "needs a currency"),
        ({"fees_posted": "yearly"}, "fees_posted", ""),
    ],
)
def test_a_strategy_that_cannot_be(change: dict[str, str], column: str, reason: str) -> None:
    assert refused(STRATEGIES, STRATEGY) == []
    [(named, told)] = refused(STRATEGIES, {**STRATEGY, **change})
    assert named == column
    assert reason in told


def test_versions_of_a_strategy_do_not_overlap() -> None:
    later = {**STRATEGY, "valid_from": "2026-03-01"}
    assert refused(STRATEGIES, STRATEGY, later) == [
        ("valid_from", "overlaps the version of the strategy from 2026-01-01")
    ]
    assert refused(STRATEGIES, {**STRATEGY, "valid_to": "2026-03-01"}, later) == []
    assert refused(STRATEGIES, STRATEGY, {**later, "strategy_id": "S2"}) == []


def test_an_account_follows_one_strategy_at_a_time() -> None:
    again = {**INVESTMENT, "strategy_id": "S2", "valid_from": "2026-03-01"}
    assert refused(INVESTMENTS, INVESTMENT, again) == [
        ("valid_from", "the account follows S1 since 2026-01-01")
    ]
    assert refused(INVESTMENTS, {**INVESTMENT, "valid_to": "2026-03-01"}, again) == []
    assert refused(INVESTMENTS, INVESTMENT, {**again, "login": "2"}) == []
    # The refused one does not count against the one after it.
    third = {**INVESTMENT, "valid_from": "2026-04-01"}
    ended = {**INVESTMENT, "valid_to": "2026-04-01"}
    assert len(refused(INVESTMENTS, ended, {**again, "valid_to": "2026-06-01"}, third)) == 1
    assert refused(INVESTMENTS, {**INVESTMENT, "valid_to": "2025-12-31"}) == [
        ("valid_to", "valid_to is not after valid_from")
    ]


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"rate": "1.5"}, "rate", "a copy_fee_share above 1 is no share"),
        ({"tier_basis": "closed_lots", "tier_mode": "marginal"}, "tier_basis", "has no tiers"),
        ({"tier_basis": "net_deposit", "tier_mode": "marginal"}, "tier_basis", "only cpa"),
        ({"trade_cap_amount": "5"}, "currency", "a cap needs a currency"),
    ],
)
def test_a_share_of_copy_fees_that_cannot_be(
    change: dict[str, str], column: str, reason: str
) -> None:
    share = {
        "agreement_id": "A1", "partner_id": "P1", "level": "0", "model": "copy_fee_share",
        "rate": "0.2", "symbol_pattern": "%", "account_group_pattern": "%",
        "valid_from": "2026-01-01",
    }  # fmt: skip
    assert refused(AGREEMENTS, share) == []
    [(named, told)] = refused(AGREEMENTS, {**share, **change})
    assert named == column
    assert reason in told


def about_copy(settings: Settings) -> list[Problem]:
    """What a pass says of the two tables."""
    [source] = sync_once(settings).sources
    return [problem for problem in source.problems if "copy" in problem.table]


def test_a_folder_without_the_files_is_complete_until_they_were_there(
    home: Path, tmp_path: Path
) -> None:
    folder = crm_folder(tmp_path)
    settings = settings_for(home, crm(folder))
    assert about_copy(settings) == []
    path = folder / "copy_strategies.csv"
    path.write_text(f"{','.join(STRATEGY)}\n{','.join(STRATEGY.values())}\n", "utf-8")
    assert about_copy(settings) == []
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_copy_strategies") == 1
    path.unlink()
    [problem] = about_copy(settings)
    assert (problem.severity, problem.what) == (
        "warning",
        "The file copy_strategies.csv is missing.",
    )


def test_a_database_without_the_tables_is_complete_until_they_were_there(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "crm.sqlite"
    settings = settings_for(home, SourceSettings(name="crm", kind="crm", url=f"sqlite:///{path}"))
    with sqlite3.connect(path) as con:
        con.executescript(
            "CREATE TABLE crm_clients (client_id TEXT, country TEXT);"
            "CREATE TABLE crm_client_accounts "
            "(client_id TEXT, server_id TEXT, login INTEGER, valid_from TEXT);"
        )
    assert about_copy(settings) == []
    with sqlite3.connect(path) as con:
        con.executescript(
            "CREATE TABLE crm_copy_investments "
            "(strategy_id TEXT, server_id TEXT, login INTEGER, valid_from TEXT);"
            "INSERT INTO crm_copy_investments VALUES ('S1', 'live', 1, '2026-01-01');"
        )
    assert about_copy(settings) == []
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_copy_investments") == 1
    with sqlite3.connect(path) as con:
        con.execute("DROP TABLE crm_copy_investments")
    [problem] = about_copy(settings)
    assert problem.what == "The CRM has no table crm_copy_investments."
