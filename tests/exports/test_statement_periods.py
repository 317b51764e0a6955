"""Days, months, years and ranges; where one ends and the next begins."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from exports.errors import StatementGapError, UnclosedPeriodError
from exports.statements.client import make_client_statement
from exports.statements.periods import parse_period
from tests.exports.changes import change, publish
from warehouse.control.papers import find_paper
from warehouse.errors import SnapshotError
from warehouse.settings import Settings


def _summary(path: Path, account: str) -> dict[str, str]:
    rows = [
        row
        for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))
        if row["section"] == "summary" and row["account"].endswith(account)
    ]
    items = {row["line"]: row["value"] for row in rows if row["field"] == "item"}
    return {items[row["line"]]: row["value"] for row in rows if row["field"] == "amount"}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "kind", "first", "last", "written"),
    [
        ("2026", "annual", "2026-01-01", "2026-12-31", "2026"),
        ("2026-02", "monthly", "2026-02-01", "2026-02-28", "2026-02"),
        ("2024-02-29", "daily", "2024-02-29", "2024-02-29", "2024-02-29"),
        ("2026-10-01..2026-10-15", "range", "2026-10-01", "2026-10-15", "2026-10-01/2026-10-15"),
        ("2026-10-01/2026-10-15", "range", "2026-10-01", "2026-10-15", "2026-10-01/2026-10-15"),
    ],
)
def test_a_period_says_its_days(text: str, kind: str, first: str, last: str, written: str) -> None:
    period = parse_period(text)
    assert (period.kind, f"{period.first}", f"{period.last}") == (kind, first, last)
    assert period.text == written
    assert parse_period(period.text) == period


@pytest.mark.unit
@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-02-30", "2026-10-15..2026-10-01"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError):
        parse_period(text)


def test_days_and_ranges_add_up_to_the_month(tiny: Settings, out: Path) -> None:
    month = _summary(make_client_statement(tiny, "C1", "2026-10", "csv", out).path, "1001")
    parts = [
        _summary(make_client_statement(tiny, "C1", period, "csv", out).path, "1001")
        for period in ("2026-10-01", "2026-10-02", "2026-10-03..2026-10-30")
    ]
    assert parts[0]["previous_balance"] == month["previous_balance"]
    for earlier, later in pairwise(parts):
        assert later["previous_balance"] == earlier["closing_balance"]
    assert parts[-1]["closing_balance"] == month["closing_balance"]
    for item in ("commission", "closed_pnl", "withdrawals", "charges"):
        whole = sum(Decimal(part.get(item, "0")) for part in parts)
        assert whole == Decimal(month[item]), item


def test_a_year_that_is_not_over_is_not_closed(tiny: Settings, out: Path) -> None:
    with pytest.raises(UnclosedPeriodError, match="2026-11-02 on mt5_live"):
        make_client_statement(tiny, "C1", "2026", "csv", out)
    range_ = make_client_statement(tiny, "C1", "2026-09-30..2026-10-30", "csv", out)
    assert _summary(range_.path, "1001")["previous_balance"] == "0.00"


def test_a_day_has_the_open_position_and_the_working_order(tiny: Settings, out: Path) -> None:
    text = make_client_statement(tiny, "C1", "2026-10-30", "csv", out).path.read_text()
    assert "working_orders,demo/mt5_live/1002,1,order,901," in text
    assert "working_orders,demo/mt5_live/1002,1,stop_loss,1.09500," in text
    assert ",902," not in text, "done on the 30th, it does not wait at its close"
    assert "open_positions,demo/mt5_live/1002,1,position,502," in text
    assert "margin,demo/mt5_live/1002,1,free_margin,59.49,EUR" in text
    before = make_client_statement(tiny, "C1", "2026-10-02", "csv", out).path.read_text()
    assert "working_orders,demo/mt5_live/1001,1,order,902," in before


def test_a_statement_opens_where_the_last_one_closed_or_says_which_days_lack(
    tiny: Settings, out: Path
) -> None:
    made = make_client_statement(tiny, "C1", "2026-09-30", "csv", out)
    with pytest.raises(StatementGapError, match=made.statement_number) as told:
        make_client_statement(tiny, "C1", "2026-10-02", "csv", out)
    assert "closed at 1000.0" in told.value.what
    assert "2026-10-01 to 2026-10-01" in told.value.todo
    make_client_statement(tiny, "C1", "2026-10-01", "csv", out)
    assert make_client_statement(tiny, "C1", "2026-10-02", "csv", out).version == 1


def test_an_earlier_statement_that_was_overtaken_comes_first(tiny: Settings, out: Path) -> None:
    first = make_client_statement(tiny, "C4", "2026-10-01", "csv", out)
    snapshot = change(
        tiny,
        "UPDATE lake.canonical.can_deals SET commission_amount = -3.60, "
        "balance_effect_amount = -3.60 WHERE deal_id = 9",
        "UPDATE lake.finance.fct_account_days SET commission_amount = -3.60, "
        "closing_balance_amount = 496.40, equity_amount = 146.40 "
        "WHERE login = 1005 AND business_date = '2026-10-01'",
        "UPDATE lake.finance.fct_account_days SET opening_balance_amount = 496.40, "
        "closed_pnl_amount = -599.90 WHERE login = 1005 AND business_date = '2026-10-02'",
        "UPDATE lake.canonical.can_deals SET closed_pnl_amount = -599.90, "
        "balance_effect_amount = -603.40 WHERE deal_id = 13",
    )
    publish(tiny, "2026-10-01", 2, snapshot, "2026-11-05 08:00:00")
    with pytest.raises(StatementGapError, match=r"closed at 496\.50") as told:
        make_client_statement(tiny, "C4", "2026-10-02", "csv", out)
    assert "--period 2026-10-01" in told.value.todo
    corrected = make_client_statement(tiny, "C4", "2026-10-01", "csv", out)
    assert find_paper(tiny, corrected.statement_number).replaces == first.statement_number
    assert make_client_statement(tiny, "C4", "2026-10-02", "csv", out).version == 2


def test_figures_that_did_not_move_are_not_sent_twice(tiny: Settings, out: Path) -> None:
    first = make_client_statement(tiny, "C2", "2026-10", "csv", out)
    snapshot = change(
        tiny, "UPDATE lake.canonical.can_deals SET comment = 'of another' WHERE deal_id = 16"
    )
    publish(tiny, "2026-10-01", 2, snapshot, "2026-11-05 08:00:00")
    again = make_client_statement(tiny, "C2", "2026-10", "csv", out)
    assert (again.statement_number, again.sha256) == (first.statement_number, first.sha256)
    as_pdf = make_client_statement(tiny, "C2", "2026-10", "pdf", out)
    assert (as_pdf.statement_number, as_pdf.version) == (first.statement_number, 1)


def test_an_account_that_opens_from_nowhere_is_a_gap(tiny: Settings, out: Path) -> None:
    snapshot = change(
        tiny,
        "DELETE FROM lake.finance.fct_account_days WHERE login = 1003 "
        "AND business_date = '2026-09-30'",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    with pytest.raises(StatementGapError, match="no day before the period"):
        make_client_statement(tiny, "C2", "2026-10", "csv", out)
