"""What is refused of a CRM's challenge tables, and that a CRM without them is complete."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.checks import check_batch
from ingestion.connectors.crm.challenge_contracts import CHALLENGE_PHASES, CHALLENGES
from ingestion.contracts import TableContract
from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import rows
from warehouse.settings import Settings, SourceSettings

PHASE = {
    "plan_id": "P", "phase": "1", "valid_from": "2026-01-01", "profit_target_rate": "0.08",
    "daily_loss_rate": "0.05", "daily_loss_basis": "day_start_balance", "total_loss_rate": "0.1",
    "total_loss_basis": "highest_balance", "minimum_trading_days": "4", "maximum_days": "30",
}  # fmt: skip
FUNDED: dict[str, str | None] = {
    **PHASE, "phase": "2", "profit_target_rate": None, "maximum_days": None,
    "profit_split_rate": "0.8", "scaling_months": "4", "scaling_profit_rate": "0.1",
    "scaling_step_rate": "0.25", "scaling_cap_amount": "400000",
}  # fmt: skip
CHALLENGE = {
    "challenge_id": "C", "phase": "1", "client_id": "K", "plan_id": "P", "server_id": "s",
    "login": "1", "initial_balance_amount": "100000", "valid_from": "2026-03-02",
}  # fmt: skip


def refused(contract: TableContract, *held: dict[str, Any]) -> list[tuple[str, str]]:
    """Column and reason of each refused row, the rows given as a file's texts."""
    frame = pl.DataFrame(
        [{column.target: row.get(column.target) for column in contract.columns} for row in held],
        schema={column.target: pl.String for column in contract.columns},
    )
    found = check_batch(contract, frame).rejected.sort("row_number", "row_key")
    return list(found.select("column_name", "reason").iter_rows())


def test_a_plan_that_can_be() -> None:
    assert refused(CHALLENGE_PHASES, PHASE, FUNDED) == []
    for rate in ("0", "1"):
        assert refused(CHALLENGE_PHASES, {**PHASE, "daily_loss_rate": rate}) == []


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"profit_target_rate": "8"}, "profit_target_rate", "not between 0 and 1: 5 % is 0.05"),
        ({"daily_loss_rate": "1.01"}, "daily_loss_rate", "not between 0 and 1"),
        ({"total_loss_rate": "-0.1"}, "total_loss_rate", "not between 0 and 1"),
        ({"phase": "0"}, "phase", "phase is below 1"),
        ({"maximum_days": "0"}, "maximum_days", "maximum_days is below 1"),
        ({"minimum_trading_days": "-1"}, "minimum_trading_days", "is negative"),
        ({"daily_loss_basis": None}, "daily_loss_basis", "daily_loss_rate needs"),
        ({"total_loss_basis": None}, "total_loss_basis", "total_loss_rate needs"),
        ({"daily_loss_rate": None}, "daily_loss_rate", "daily_loss_basis without"),
        ({"total_loss_rate": None}, "total_loss_rate", "total_loss_basis without"),
        ({"daily_loss_basis": "equity"}, "daily_loss_basis", "is none of: initial_balance"),
        ({"total_loss_basis": "equity"}, "total_loss_basis", "is none of: initial_balance"),
        ({"profit_split_rate": "0.8"}, "profit_split_rate", "splits no profit"),
        ({"valid_to": "2026-01-01"}, "valid_to", "not after valid_from"),
    ],
)
def test_a_phase_that_cannot_be(change: dict[str, str], column: str, reason: str) -> None:
    [(named, told)] = refused(CHALLENGE_PHASES, {**PHASE, **change})
    assert named == column
    assert reason in told


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"maximum_days": "30"}, "maximum_days", "without a profit target"),
        ({"scaling_months": None}, "scaling_months", "go together"),
        ({"scaling_profit_rate": None}, "scaling_months", "go together"),
        ({"scaling_step_rate": None}, "scaling_months", "go together"),
        ({"scaling_months": "0"}, "scaling_months", "scaling_months is below 1"),
        ({"scaling_cap_amount": "0"}, "scaling_cap_amount", "not above 0"),
        ({"profit_split_rate": "80"}, "profit_split_rate", "not between 0 and 1"),
        (
            {"scaling_months": None, "scaling_profit_rate": None, "scaling_step_rate": None},
            "scaling_cap_amount",
            "without scaling",
        ),
    ],
)
def test_a_funded_phase_that_cannot_be(
    change: dict[str, str | None], column: str, reason: str
) -> None:
    [(named, told)] = refused(CHALLENGE_PHASES, PHASE, {**FUNDED, **change})
    assert named == column
    assert reason in told


def test_versions_of_a_phase_do_not_overlap() -> None:
    later = {**PHASE, "valid_from": "2026-03-01"}
    assert refused(CHALLENGE_PHASES, PHASE, later) == [
        ("valid_from", "overlaps the same phase of the plan from 2026-01-01")
    ]
    assert refused(CHALLENGE_PHASES, {**PHASE, "valid_to": "2026-03-01"}, later) == []


def test_a_plan_with_a_hole_is_refused_whole() -> None:
    other = {**PHASE, "plan_id": "Q"}
    third = {**FUNDED, "phase": "3"}
    assert refused(CHALLENGE_PHASES, PHASE, third, other) == [
        ("phase", "plan P has no phase 2"),
        ("phase", "plan P has no phase 2"),
    ]
    assert refused(CHALLENGE_PHASES, FUNDED) == [("phase", "plan P has no phase 1")]


def test_a_challenge_begins_with_money_and_alone_on_its_account() -> None:
    assert refused(CHALLENGES, {**CHALLENGE, "initial_balance_amount": "0"}) == [
        ("initial_balance_amount", "initial_balance_amount is not above 0")
    ]
    assert refused(CHALLENGES, {**CHALLENGE, "phase": "0"}) == [("phase", "phase is below 1")]
    other = {**CHALLENGE, "challenge_id": "D", "valid_from": "2026-03-09"}
    assert refused(CHALLENGES, CHALLENGE, other) == [
        ("valid_from", "the account is in another challenge from 2026-03-02")
    ]
    assert refused(CHALLENGES, {**CHALLENGE, "valid_to": "2026-03-09"}, other) == []
    assert refused(CHALLENGES, CHALLENGE, {**other, "login": "2"}) == []


def synced(home: Path, source: SourceSettings) -> tuple[Settings, SourceReport]:
    settings = settings_for(home, source)
    return settings, sync_once(settings).sources[0]


def told(report: SourceReport) -> set[str]:
    return {problem.table for problem in report.problems}


def test_files_without_challenges_are_not_missed_until_they_were_loaded(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "clients.csv").write_text("client_id,country\nK,CY\n", "utf-8")
    (folder / "client_accounts.csv").write_text(
        "client_id,server_id,login,valid_from\nK,s,1,2026-01-01\n", "utf-8"
    )
    source = SourceSettings(name="crm", kind="crm", path=folder)
    _, report = synced(home, source)
    assert "crm_partners" in told(report)
    assert told(report).isdisjoint({"crm_challenges", "crm_challenge_phases"})
    (folder / "challenges.csv").write_text(
        ",".join(CHALLENGE) + "\n" + ",".join(CHALLENGE.values()) + "\n", "utf-8"
    )
    settings, report = synced(home, source)
    assert report.new == 1
    assert rows(settings, "SELECT initial_balance_amount FROM lake.raw.crm_challenges") != []
    (folder / "challenges.csv").unlink()
    _, report = synced(home, source)
    [problem] = [row for row in report.problems if row.table == "crm_challenges"]
    assert (problem.severity, problem.what) == ("warning", "The file challenges.csv is missing.")
    assert "crm_challenge_phases" not in told(report)


def test_a_database_without_challenges_is_complete_unless_they_are_named(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as con:
        con.executescript(
            """
            CREATE TABLE crm_clients (client_id TEXT, country TEXT);
            INSERT INTO crm_clients VALUES ('K', 'CY');
            CREATE TABLE crm_client_accounts (
                client_id TEXT, server_id TEXT, login INTEGER, valid_from DATE);
            INSERT INTO crm_client_accounts VALUES ('K', 's', 1, '2026-01-01');
            CREATE TABLE crm_challenges (challenge_id TEXT, phase INTEGER, client_id TEXT,
                plan_id TEXT, server_id TEXT, login INTEGER, initial_balance_amount TEXT,
                valid_from DATE, valid_to DATE);
            """
        )
        con.execute("ALTER TABLE crm_challenges RENAME TO away")
    plain = SourceSettings(name="crm", kind="crm", url=f"sqlite:///{path}")
    _, report = synced(home, plain)
    assert "crm_partners" in told(report)
    assert told(report).isdisjoint({"crm_challenges", "crm_challenge_phases"})
    named = plain.model_copy(update={"options": {"tables": {"challenges": "prop_accounts"}}})
    _, report = synced(home, named)
    assert "crm_challenges" in told(report)
    assert "crm_challenge_phases" not in told(report)
    with sqlite3.connect(path) as con:
        con.execute("INSERT INTO away VALUES ('C', 1, 'K', 'P', 's', 1, '1000', '2026-03-02', '')")
        con.execute("ALTER TABLE away RENAME TO crm_challenges")
    _, report = synced(home, plain)
    assert report.new == 1
    with sqlite3.connect(path) as con:
        con.execute("DROP TABLE crm_challenges")
    _, report = synced(home, plain)
    assert [row.what for row in report.problems if row.table == "crm_challenges"] == [
        "The CRM has no table crm_challenges."
    ]
