"""Sound books pass the gates; each kind of expectation can fail and says what and where."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from quality import gates
from quality.gates import SUITES, run_gates
from warehouse.connection import connect
from warehouse.errors import DaybookError
from warehouse.publishing import current_snapshot
from warehouse.settings import PROJECT_ROOT, Settings

from .conftest import DAYS

Change = Callable[..., None]


@pytest.mark.unit
def test_sound_books_pass_and_leave_evidence(settings: Settings) -> None:
    report = run_gates(settings, DAYS, None)
    assert report.failures == []
    assert report.passed
    assert {table.table: table.rows for table in report.tables} == {
        "canonical.can_deals": 6,
        "finance.fct_account_days": 4,
        "finance.fct_open_positions": 1,
        "finance.fct_daily_pnl": 2,
        "partners.fct_commission_ledger": 2,
        "compliance.fct_alerts": 1,
    }
    assert all(table.expectations > 10 and table.failed == 0 for table in report.tables)
    assert json.loads(json.dumps(report.summary()))["passed"] is True
    assert report.data_docs is not None
    assert report.data_docs.is_relative_to(settings.evidence_path / "data_docs")
    pages = list(report.data_docs.parent.rglob("*.html"))
    assert len(pages) > len(SUITES)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"(?:src|url\()\s*=?\s*[\"']?https?://|<link[^>]*https?://", text)
        assert fetched == [], page


FAULTS = [
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET account_key = NULL WHERE login = 1002",
        "account_key",
    ),
    (
        "finance.fct_account_days",
        "INSERT INTO lake.finance.fct_account_days SELECT * FROM lake.finance.fct_account_days "
        "WHERE login = 1002",
        "tenant_id, server_id, login, business_date",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET book = 'C' WHERE login = 1002",
        "book",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET account_currency = 'eur'",
        "account_currency",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET equity_amount = 1e13",
        "equity_amount",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET deposits_amount = -1",
        "deposits_amount",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET withdrawals_amount = 1",
        "withdrawals_amount",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET swap_amount = swap_amount + 0.00000001 "
        "WHERE login = 1001 AND business_date = DATE '2026-10-29'",
        "roll_forward_difference",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET opening_credit_amount = 5 WHERE login = 1002",
        "credit_difference",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET floating_swap_amount = 1 WHERE login = 1002",
        "equity_difference",
    ),
    (
        "finance.fct_account_days",
        "UPDATE lake.finance.fct_account_days SET platform_balance_amount = 499.99 "
        "WHERE login = 1002",
        "break_difference",
    ),
    (
        "finance.fct_account_days",
        "DELETE FROM lake.canonical.can_deals WHERE deal_id = 4",
        "deals_difference",
    ),
    (
        "finance.fct_account_days",
        "DELETE FROM lake.canonical.can_accounts WHERE login = 1002",
        "is_orphan",
    ),
    (
        "finance.fct_account_days",
        "ALTER TABLE lake.finance.fct_account_days DROP COLUMN dividends_amount",
        "",
    ),
    (
        "canonical.can_deals",
        "INSERT INTO lake.canonical.can_deals SELECT * FROM lake.canonical.can_deals "
        "WHERE deal_id = 6",
        "times_held",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET action = 'gift' WHERE deal_id = 6",
        "mt5_action",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET entry = 'sideways' WHERE deal_id = 3",
        "entry",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET side = 'long' WHERE deal_id = 3",
        "side",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET volume_lots = -1 WHERE deal_id = 3",
        "volume_lots",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET symbol = '' WHERE deal_id = 3",
        "is_trade_without_symbol",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET fee_amount = -1 WHERE deal_id = 3",
        "is_effect_wrong",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET executed_at_server = '2026-10-20 09:00:00' "
        "WHERE deal_id = 3",
        "days_apart",
    ),
    (
        "canonical.can_deals",
        "UPDATE lake.canonical.can_deals SET executed_at_utc = NULL",
        "executed_at_utc",
    ),
    (
        "finance.fct_open_positions",
        "UPDATE lake.finance.fct_open_positions SET opened_at_server = '2026-10-30 12:00:00'",
        "is_opened_later",
    ),
    (
        "finance.fct_daily_pnl",
        "UPDATE lake.finance.fct_daily_pnl SET total_reporting = total_reporting + 0.01",
        "total_difference",
    ),
    (
        "finance.fct_daily_pnl",
        "UPDATE lake.finance.fct_daily_pnl SET book = 'A'",
        "is_hedged_with_result",
    ),
    (
        "finance.fct_daily_pnl",
        "UPDATE lake.canonical.can_accounts SET is_excluded = TRUE",
        "is_excluded",
    ),
    (
        "finance.fct_daily_pnl",
        "UPDATE lake.finance.fct_daily_pnl SET total_reporting = NULL",
        "total_reporting",
    ),
    (
        "partners.fct_commission_ledger",
        "UPDATE lake.partners.fct_commission_ledger SET reason = '' WHERE amount = 0",
        "is_unpaid_without_reason",
    ),
    (
        "partners.fct_commission_ledger",
        "UPDATE lake.partners.fct_commission_ledger SET amount = 5.01 WHERE amount = 5",
        "is_amount_wrong",
    ),
    (
        "partners.fct_commission_ledger",
        "UPDATE lake.partners.fct_commission_ledger SET level = -1",
        "level",
    ),
    (
        "partners.fct_commission_ledger",
        "UPDATE lake.partners.fct_commission_ledger SET ledger_line_key = 'L'",
        "ledger_line_key",
    ),
    (
        "partners.fct_commission_ledger",
        "UPDATE lake.partners.fct_commission_ledger SET entry_type = 'gift'",
        "entry_type",
    ),
    ("compliance.fct_alerts", "UPDATE lake.compliance.fct_alerts SET reason = ' '", "reason"),
    (
        "compliance.fct_alerts",
        "UPDATE lake.compliance.fct_alerts SET scenario_id = 'structuring'",
        "scenario_id",
    ),
    (
        "compliance.fct_alerts",
        "UPDATE lake.compliance.fct_alerts SET first_at_utc = '2026-10-30 09:00:00'",
        "is_backwards",
    ),
    (
        "compliance.fct_alerts",
        "DELETE FROM lake.canonical.can_clients WHERE client_id = 'C1'",
        "is_orphan",
    ),
]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("table", "fault", "column"), FAULTS, ids=[f"{t}-{c or 'columns'}" for t, _, c in FAULTS]
)
def test_a_fault_fails_its_expectation(
    settings: Settings,
    change: Change,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    fault: str,
    column: str,
) -> None:
    monkeypatch.setattr(gates, "SUITES", [suite for suite in SUITES if suite.table == table])
    change(fault)
    report = run_gates(settings, DAYS, None)
    assert not report.passed
    assert column in {failure.column for failure in report.failures}
    failure = next(item for item in report.failures if item.column == column)
    assert failure.unexpected >= 1
    assert failure.examples
    assert "could not be evaluated" not in failure.what
    json.dumps(report.summary())


@pytest.mark.unit
def test_a_day_in_the_future_fails(settings: Settings, change: Change) -> None:
    change(
        "UPDATE lake.finance.fct_account_days SET business_date = '2999-01-01' WHERE login = 1002"
    )
    days = [*DAYS, ("demo", "mt5_live", dt.date(2999, 1, 1))]
    report = run_gates(settings, days, None)
    assert "is_future" in {failure.column for failure in report.failures}


@pytest.mark.unit
def test_only_the_rows_of_the_days_are_looked_at(settings: Settings, change: Change) -> None:
    change(
        "UPDATE lake.finance.fct_account_days SET book = 'C' "
        "WHERE business_date = DATE '2026-10-30'"
    )
    assert run_gates(settings, DAYS[:2], None).passed
    assert not run_gates(settings, DAYS[2:], None).passed


@pytest.mark.unit
def test_the_snapshot_to_be_published_is_looked_at(settings: Settings, change: Change) -> None:
    with connect("read", settings=settings) as con:
        before = current_snapshot(con)
    change("UPDATE lake.finance.fct_account_days SET book = 'C'")
    assert run_gates(settings, DAYS, before).passed
    assert not run_gates(settings, DAYS, None).passed


@pytest.mark.unit
def test_days_are_read_in_runs_and_failures_added_up(
    settings: Settings, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "ROWS_AT_ONCE", 2)
    change("UPDATE lake.finance.fct_account_days SET book = 'C'")
    report = run_gates(settings, DAYS, None)
    [failure] = [item for item in report.failures if item.column == "book"]
    assert failure.unexpected == 4


@pytest.mark.unit
def test_no_days_need_no_gate(settings: Settings) -> None:
    report = run_gates(settings, [], None)
    assert report.passed
    assert report.data_docs is None


@pytest.mark.unit
def test_books_that_were_never_built(settings: Settings, change: Change) -> None:
    change("DROP TABLE lake.compliance.fct_alerts")
    with pytest.raises(DaybookError, match=r"compliance\.fct_alerts"):
        run_gates(settings, DAYS, None)


@pytest.mark.unit
def test_the_gates_cost_nothing_until_they_run() -> None:
    code = (
        "import sys, quality.gates, quality.checks; sys.exit('great_expectations' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=False).returncode == 0
    )


@pytest.mark.unit
def test_data_docs_lose_what_they_would_fetch(tmp_path: Path) -> None:
    from quality.data_docs import keep_to_itself

    page = tmp_path / "a" / "index.html"
    page.parent.mkdir()
    page.write_text(
        "<html><head><script src='https://x.example/a.js'></script>"
        '<link rel="stylesheet" href="https://x.example/a.css"/></head>'
        "<body style=\"background: url('https://x.example/a.png') 0 0\">kept</body></html>",
        encoding="utf-8",
    )
    keep_to_itself(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "x.example" not in text
    assert "kept" in text
