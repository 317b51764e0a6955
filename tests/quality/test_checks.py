"""Every rule of `daybook check` holds on sound books and is broken by what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from quality.checks import any_broken, run_checks
from quality.findings import Check
from warehouse.connection import connect
from warehouse.errors import DaybookError
from warehouse.settings import Settings

Change = Callable[..., None]

ALL_RULES = {
    "books_are_built",
    "statements_tie",
    "statement_numbers",
    "roll_forward",
    "pnl_adds_up",
    "control_totals",
    "control_totals_by_day",
    "source_problems",
    "quarantined_rows",
    "differences_have_a_break",
    "breaks_are_explained",
    "published_days_have_evidence",
    "truth_account_days",
    "truth_daily_pnl_clients",
    "truth_daily_pnl_broker",
    "truth_journal_pnl",
    "truth_commission_ledger",
    "truth_alerts",
    "truth_breaks",
    "truth_statements",
    "truth_losing_accounts",
}


def found(settings: Settings, check_id: str) -> Check:
    """The one check of that id."""
    [check] = [check for check in run_checks(settings) if check.id == check_id]
    return check


@pytest.mark.unit
def test_sound_books_break_nothing(settings: Settings) -> None:
    checks = run_checks(settings)
    assert {check.id for check in checks} == ALL_RULES
    assert len(checks) == len(ALL_RULES)
    assert [check for check in checks if check.broken or check.worst] == []
    assert not any_broken(checks)
    populations = {check.id: check.population for check in checks}
    assert populations["roll_forward"] == 3
    assert populations["differences_have_a_break"] == 12
    assert populations["published_days_have_evidence"] == 3


@pytest.mark.unit
def test_a_broken_identity_is_found(settings: Settings, change: Change) -> None:
    change(
        """
        UPDATE lake.meta.identities SET broken = 1, worst = -0.01
        WHERE identity_id = 'roll_forward' AND business_date = DATE '2026-10-29'
        """
    )
    check = found(settings, "roll_forward")
    assert (check.population, check.broken, check.worst) == (3, 1, Decimal("0.01"))
    assert any_broken(run_checks(settings))


@pytest.mark.unit
def test_a_control_total_counts_in_the_newest_load_only(settings: Settings, change: Change) -> None:
    row = "({load}, 'demo', 'mt5_live', 'mt5_deals', 'count', 7, {held}, {off}, now(), NULL)"
    insert = "INSERT INTO lake.meta.control_totals VALUES "
    change(insert + row.format(load=1, held=6, off=1))
    assert found(settings, "control_totals").broken == 1
    assert found(settings, "control_totals").worst == 1
    change(insert + row.format(load=2, held=7, off=0))
    check = found(settings, "control_totals")
    assert (check.population, check.broken) == (1, 0)


@pytest.mark.unit
def test_an_error_of_the_newest_load_is_found(settings: Settings, change: Change) -> None:
    problem = (
        "INSERT INTO lake.meta.source_problems VALUES "
        "({load}, 'demo', 'mt5_live', 'mt5_users', '{severity}', 'no such table', 'x', now())"
    )
    change(problem.format(load=3, severity="warning"))
    assert found(settings, "source_problems").broken == 0
    change(problem.format(load=4, severity="error"))
    assert found(settings, "source_problems").broken == 1
    change(
        """
        INSERT INTO lake.meta.loads (load_id, tenant_id, source, table_name)
        VALUES (5, 'demo', 'mt5_live', 'mt5_users')
        """
    )
    assert found(settings, "source_problems").broken == 0


@pytest.mark.unit
def test_a_quarantined_row_counts_once_until_it_is_released(
    settings: Settings, change: Change
) -> None:
    row = (
        "INSERT INTO lake.raw.quarantine VALUES (1, 'demo', 'mt5_live', 'mt5_deals', NULL, "
        "'{key}', '{column}', 'empty', '{{}}', now())"
    )
    change(
        "INSERT INTO lake.meta.loads (load_id, source, rows_read) VALUES (1, 'mt5_live', 40)",
        row.format(key="7", column="login"),
        row.format(key="7", column="time"),
        row.format(key="8", column="time"),
    )
    check = found(settings, "quarantined_rows")
    assert (check.population, check.broken) == (40, 2)
    change("DELETE FROM lake.raw.quarantine")
    assert found(settings, "quarantined_rows").broken == 0


@pytest.mark.unit
def test_a_difference_needs_a_break_and_a_break_a_type(settings: Settings, change: Change) -> None:
    change(
        """
        UPDATE lake.finance.fct_account_days SET balance_break_amount = -0.02
        WHERE login = 1001 AND business_date >= DATE '2026-10-29'
        """
    )
    check = found(settings, "differences_have_a_break")
    assert (check.broken, check.worst) == (2, Decimal("0.02"))
    change(
        """
        INSERT INTO lake.finance.fct_breaks VALUES (
            'B1', 'demo', 'mt5_live', 1001, 'demo/mt5_live/1001', '2026-10-29', '2026-10-30',
            'balance', 'unknown', -0.02, 'USD', 'No rule explains it.', 'open', 2,
            NULL, NULL, NULL, NULL, NULL
        )
        """
    )
    assert found(settings, "differences_have_a_break").broken == 0
    unknown = found(settings, "breaks_are_explained")
    assert (unknown.population, unknown.broken, unknown.worst) == (1, 1, Decimal("0.02"))
    assert found(settings, "truth_breaks").broken == 1
    change("UPDATE lake.finance.fct_breaks SET status = 'explained', explained_by = 'A. Person'")
    assert found(settings, "breaks_are_explained").broken == 0


@pytest.mark.unit
@pytest.mark.parametrize(
    "fault",
    [
        "checks_json = '{}'",
        "checks_json = NULL",
        """checks_json = '{"gates": {"passed": false}}'""",
        "snapshot_id = 99999",
    ],
)
def test_a_published_day_needs_evidence(settings: Settings, change: Change, fault: str) -> None:
    change(f"UPDATE lake.meta.published SET {fault} WHERE business_date = DATE '2026-10-30'")
    check = found(settings, "published_days_have_evidence")
    assert (check.population, check.broken) == (3, 1)


@pytest.mark.unit
def test_a_missing_table_of_the_books_is_broken(settings: Settings, change: Change) -> None:
    change("DROP TABLE lake.finance.fct_breaks")
    assert found(settings, "books_are_built").broken == 1


@pytest.mark.unit
def test_checks_as_of_the_past_see_the_past(settings: Settings, change: Change) -> None:
    with connect("read", settings=settings) as con:
        [(before,)] = con.execute(
            "SELECT max(snapshot_id) FROM ducklake_snapshots('lake')"
        ).fetchall()
    change("UPDATE lake.meta.identities SET broken = 5")
    assert any_broken(run_checks(settings))
    assert not any_broken(run_checks(settings, as_of=before))


@pytest.mark.unit
def test_no_warehouse_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DaybookError, match="daybook sync"):
        run_checks(Settings(home=tmp_path / "nothing"))
