"""The Finance page shows what the books hold, closed days only, down to the deal."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from tests.browser.reading import Screen, number
from warehouse.connection import connect
from warehouse.money import round_half_away
from warehouse.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_SUMS = """
SELECT
    sum(dealing_pnl_reporting), sum(commission_income_reporting), sum(swap_income_reporting),
    sum(fee_income_reporting), sum(total_reporting)
FROM lake.finance.fct_daily_pnl
WHERE business_date BETWEEN $1 AND $2
"""


def _sums(books: Settings, first: dt.date, last: dt.date, also: str = "") -> list[Decimal]:
    with connect("read", settings=books) as con:
        row = con.execute(_SUMS + also, [first, last]).fetchone()
    assert row is not None
    return [round_half_away(value, 2) for value in row]


def _range(closed_days: tuple[dt.date, dt.date]) -> tuple[dt.date, dt.date]:
    """What the page shows at first: the last 31 closed days."""
    first, last = closed_days
    return max(first, last - dt.timedelta(days=30)), last


def test_totals_are_those_of_the_closed_days(
    screen: Screen, books: Settings, closed_days: tuple[dt.date, dt.date]
) -> None:
    screen.open()
    dealing, commission, swap, fees, total = _sums(books, *_range(closed_days))
    assert screen.tile("Dealing P&L") == dealing
    assert screen.tile("Commission") == commission
    assert screen.tile("Swap") == swap
    assert screen.tile("Fees") == fees
    assert screen.tile("Total") == total
    by_book = {row[0]: row for row in screen.rows(screen.table("table-book-"))}
    for book, row in by_book.items():
        expected = _sums(books, *_range(closed_days), f"AND book = '{book}'")
        assert [number(cell) for cell in row[1:6]] == expected


def test_open_days_are_added_only_on_request_and_said_to_be_open(
    screen: Screen, books: Settings, closed_days: tuple[dt.date, dt.date]
) -> None:
    screen.open()
    with connect("read", settings=books) as con:
        row = con.execute("SELECT max(business_date) FROM lake.finance.fct_daily_pnl").fetchone()
    assert row is not None
    newest = row[0]
    assert newest > closed_days[1]
    assert screen.rows(screen.table("table-day-"))[0][0] == str(closed_days[1])
    screen.page.get_by_text("Show open days").click()
    screen.settle()
    assert any("not final" in notice for notice in screen.notices())
    assert screen.rows(screen.table("table-day-"))[0][0] == str(newest)
    first = max(closed_days[0], newest - dt.timedelta(days=30))
    assert screen.tile("Total") == _sums(books, first, newest)[4]
    states = {row[0]: row[2] for row in screen.rows(screen.table_with("Version"))}
    assert states[str(newest)] in ("open", "closed")
    assert states[str(closed_days[1])] == "published"


def test_the_deals_and_positions_behind_a_figure_add_up_to_it(
    screen: Screen, books: Settings, closed_days: tuple[dt.date, dt.date]
) -> None:
    screen.open()
    day = screen.rows(screen.table("table-day-"))[1][0]
    shown = [row[0] for row in screen.rows(screen.table("table-symbol-"))]
    with connect("read", settings=books) as con:
        held = con.execute(
            """
            SELECT symbol, list(deal_id::VARCHAR) FROM lake.canonical.can_deals AS d
            JOIN lake.canonical.can_accounts AS a ON a.account_key = d.account_key
            WHERE is_trade AND business_date = $1 AND list_contains($2, symbol)
                AND NOT a.is_excluded AND a.known_from <> 'deals'
            GROUP BY symbol ORDER BY count(*), symbol
            """,
            [day, shown],
        ).fetchall()
    symbol, deals = held[0]
    screen.select_row("table-symbol-", shown.index(symbol))
    screen.select_row("table-day-", 1)
    assert f"business day {day}, symbol {symbol}" in screen.text()
    proof = {
        row[0]: [number(cell) for cell in row[1:]]
        for row in screen.rows(screen.table_with("From deals"))
    }
    expected = _sums(
        books, dt.date.fromisoformat(day), dt.date.fromisoformat(day), f"AND symbol = '{symbol}'"
    )
    lines = ("Dealing P&L", "Commission", "Swap", "Fees", "Total")
    figures = [proof[name][3] for name in lines]
    assert figures == expected
    assert all(line[4] == 0 for line in proof.values())
    assert any("add up to the figure" in notice for notice in screen.notices())
    drawn = [row[1] for row in screen.rows(screen.table_with("Executed at (UTC)"))]
    assert f"Deals ({len(deals):,})" in screen.text()
    assert set(drawn) <= set(deals)
    assert drawn


def test_the_file_has_the_rows_of_the_table(
    screen: Screen, tmp_path: Path, books: Settings, closed_days: tuple[dt.date, dt.date]
) -> None:
    screen.open()
    target = screen.saved(screen.csv_button("daily-pnl-account"), tmp_path / "accounts.csv")
    with target.open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    total = sum((Decimal(line["total"]) for line in lines), Decimal(0))
    assert round_half_away(total, 2) == _sums(books, *_range(closed_days))[4]
    assert {line["currency"] for line in lines} == {"USD"}


def test_a_filter_without_figures_says_so(screen: Screen, books: Settings) -> None:
    with connect("read", settings=books) as con:
        row = con.execute(
            """
            SELECT client_key, any_value(book) FROM lake.finance.fct_daily_pnl
            WHERE client_key IS NOT NULL
            GROUP BY client_key HAVING count(DISTINCT book) = 1 ORDER BY client_key LIMIT 1
            """
        ).fetchone()
    assert row is not None
    client, book = row
    screen.open()
    for name, value in (("client_key", client), ("book", "A" if book == "B" else "B")):
        box = screen.page.locator(f'[class*="st-key-filter-{name}"] input')
        box.fill(value)
        box.press("Enter")
        screen.settle()
    assert any("No P&L in this range" in notice for notice in screen.notices())
    assert "State of the days" in screen.text()


def test_nothing_is_fetched_from_elsewhere(screen: Screen) -> None:
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    for path in ("", "compliance", "partners", "analysts"):
        screen.open(path)
    elsewhere = [
        url for url in asked if not url.startswith((screen.url, "data:", "blob:", "about:"))
    ]
    assert asked
    assert elsewhere == []
