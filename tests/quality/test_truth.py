"""The comparison with the truth finds a cent, a missing row, a row too many and a wrong word."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from quality.findings import Check
from quality.lake_tables import held_tables
from quality.truth import truth_checks, truth_differences
from warehouse.connection import connect
from warehouse.settings import Settings

Change = Callable[..., None]


def compared(settings: Settings) -> dict[str, Check]:
    """The truth checks by id."""
    assert settings.truth_path is not None
    with connect("read", settings=settings) as con:
        checks = truth_checks(con, settings.truth_path, held_tables(con))
    return {check.id: check for check in checks}


@pytest.mark.unit
def test_books_that_equal_the_truth(settings: Settings) -> None:
    checks = compared(settings)
    assert {name: check.population for name, check in checks.items()} == {
        "truth_account_days": 4,
        "truth_daily_pnl_clients": 2,
        "truth_daily_pnl_broker": 2,
        "truth_journal_pnl": 2,
        "truth_commission_ledger": 1,
        "truth_alerts": 1,
        "truth_breaks": 0,
        "truth_statements": 2,
        "truth_losing_accounts": 3,
    }
    assert all(check.holds for check in checks.values())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("table", "column", "check_id"),
    [
        ("finance.fct_account_days", "closing_balance_amount", "truth_account_days"),
        ("finance.fct_account_days", "taxes_amount", "truth_account_days"),
        ("finance.fct_daily_pnl", "client_swap_amount", "truth_daily_pnl_clients"),
        ("finance.fct_daily_pnl", "dealing_pnl_reporting", "truth_daily_pnl_broker"),
        ("finance.fct_daily_pnl", "total_reporting", "truth_daily_pnl_broker"),
        ("finance.fct_account_days", "equity_amount", "truth_statements"),
    ],
)
def test_a_cent_is_found(
    settings: Settings, change: Change, table: str, column: str, check_id: str
) -> None:
    change(
        f"""
        UPDATE lake.{table} SET {column} = {column} + 0.01
        WHERE login = 1001
        AND business_date = (SELECT max(business_date) FROM lake.{table} WHERE login = 1001)
        """
    )
    check = compared(settings)[check_id]
    assert (check.broken, check.worst) == (1, Decimal("0.01"))


@pytest.mark.unit
def test_a_cent_in_the_journal_is_found(settings: Settings, change: Change) -> None:
    change(
        """
        UPDATE lake.finance.fct_journal_postings SET amount = amount + 0.01
        WHERE ledger_account = 'swap_income' AND business_date = DATE '2026-10-28'
        """
    )
    check = compared(settings)["truth_journal_pnl"]
    assert (check.broken, check.worst) == (1, Decimal("0.01"))


@pytest.mark.unit
def test_a_difference_below_a_cent_in_account_currency_is_found(
    settings: Settings, change: Change
) -> None:
    change(
        """
        UPDATE lake.finance.fct_account_days SET swap_amount = swap_amount + 0.00000001
        WHERE login = 1002
        """
    )
    check = compared(settings)["truth_account_days"]
    assert (check.broken, check.worst) == (1, Decimal("0.00000001"))


@pytest.mark.unit
def test_the_last_stored_digit_of_a_converted_amount_may_differ(
    settings: Settings, change: Change
) -> None:
    change(
        """
        UPDATE lake.finance.fct_daily_pnl
        SET total_reporting = total_reporting + 0.00000001
        """
    )
    assert compared(settings)["truth_daily_pnl_broker"].holds


@pytest.mark.unit
def test_a_missing_row_and_a_row_too_many_are_found(settings: Settings, change: Change) -> None:
    change("DELETE FROM lake.finance.fct_account_days WHERE login = 1002")
    assert compared(settings)["truth_account_days"].broken == 1
    change(
        """
        INSERT INTO lake.finance.fct_account_days
        SELECT * FROM lake.finance.fct_account_days
        WHERE login = 1001 AND business_date = DATE '2026-10-30'
        """
    )
    assert compared(settings)["truth_account_days"].broken == 2
    assert compared(settings)["truth_statements"].broken == 2


@pytest.mark.unit
def test_a_row_of_nothing_that_only_the_books_have_is_found(
    settings: Settings, change: Change
) -> None:
    change(
        """
        INSERT INTO lake.finance.fct_daily_pnl (server_id, login, symbol, business_date, book)
        VALUES ('mt5_live', 1002, 'XAUUSD', DATE '2026-10-30', 'A')
        """
    )
    check = compared(settings)["truth_daily_pnl_clients"]
    assert (check.population, check.broken) == (3, 1)


@pytest.mark.unit
def test_the_wrong_book_is_found(settings: Settings, change: Change) -> None:
    change(
        "UPDATE lake.finance.fct_daily_pnl SET book = 'A' WHERE business_date = DATE '2026-10-29'"
    )
    assert compared(settings)["truth_daily_pnl_clients"].broken == 2


@pytest.mark.unit
def test_an_adjustment_adds_to_what_was_booked(settings: Settings, change: Change) -> None:
    adjust = """
        INSERT INTO lake.partners.fct_commission_ledger
        SELECT * REPLACE (
            ledger_line_key || '/{amount}' AS ledger_line_key,
            'adjustment' AS entry_type,
            {amount}::DECIMAL(24, 8) AS amount
        )
        FROM lake.partners.fct_commission_ledger
        WHERE ledger_line_key = 'L2'
    """
    change(adjust.format(amount="0.01"))
    check = compared(settings)["truth_commission_ledger"]
    assert (check.broken, check.worst) == (1, Decimal("0.01"))
    change(adjust.format(amount="-0.01"))
    assert compared(settings)["truth_commission_ledger"].holds


@pytest.mark.unit
def test_an_alert_nobody_planted_and_a_planted_one_not_raised(
    settings: Settings, change: Change
) -> None:
    change("UPDATE lake.compliance.fct_alerts SET scenario_id = 'A2'")
    assert compared(settings)["truth_alerts"].broken == 2


@pytest.mark.unit
def test_an_account_that_lost_after_all(settings: Settings, change: Change) -> None:
    change(
        """
        UPDATE lake.filings.fil_losing_accounts__account_days SET realised_reporting = 47
        WHERE account_key = 'demo/mt5_live/1001' AND business_date = DATE '2026-10-29'
        """
    )
    check = compared(settings)["truth_losing_accounts"]
    assert (check.population, check.broken, check.worst) == (3, 1, Decimal(1))


@pytest.mark.unit
def test_the_rows_behind_a_difference_are_told(settings: Settings, change: Change) -> None:
    change(
        """
        UPDATE lake.finance.fct_account_days SET fees_amount = 3
        WHERE login = 1001 AND business_date = DATE '2026-10-29'
        """
    )
    assert settings.truth_path is not None
    with connect("read", settings=settings) as con:
        [row] = truth_differences(con, settings.truth_path, "truth_account_days")
    assert row.key["login"] == 1001
    assert row.amounts == {"fees": Decimal(-3)}
    assert row.rows == 0
