"""The SQL page answers from the governed tables, says when it cut, and refuses the rest."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.browser.reading import Screen, number
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _ask(screen: Screen, query: str) -> None:
    screen.page.locator("textarea").fill(query)
    screen.press("Run")


def test_a_query_is_answered_as_of_the_published_snapshot(screen: Screen, books: Settings) -> None:
    screen.open("analysts")
    _ask(screen, "SELECT book, sum(total_reporting) AS total FROM finance.fct_daily_pnl GROUP BY 1")
    with connect("read", as_of="latest", settings=books) as con:
        expected = con.execute(
            "SELECT book, sum(total_reporting) FROM lake.finance.fct_daily_pnl GROUP BY 1"
        ).fetchall()
    drawn = {row[0]: number(row[1]) for row in screen.rows(screen.table_with("book"))}
    assert set(drawn) == {book for book, _ in expected}
    for book, total in expected:
        assert abs(drawn[book] - total) < number("0.000001")


def test_more_than_a_thousand_rows_are_cut_and_said_to_be(screen: Screen, tmp_path: Path) -> None:
    screen.open("analysts")
    _ask(screen, "SELECT i FROM range(1001) AS numbers(i) ORDER BY i")
    assert any("Cut after the first 1,000 rows" in notice for notice in screen.notices())
    target = screen.saved(screen.csv_button("query"), tmp_path / "query.csv")
    with target.open(encoding="utf-8") as file:
        assert [line["i"] for line in csv.DictReader(file)] == [str(i) for i in range(1000)]
    _ask(screen, "SELECT i FROM range(1000) AS numbers(i)")
    assert not any("Cut" in notice for notice in screen.notices())


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH '/tmp/other.db' AS other",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM pii.mt5_users",
        "SET enable_external_access = true",
        "DROP TABLE finance.fct_daily_pnl",
        "SELECT 1; SELECT 2",
    ],
)
def test_what_is_no_reading_of_the_tables_is_refused(screen: Screen, query: str) -> None:
    screen.open("analysts")
    _ask(screen, query)
    said = screen.notices()
    assert said
    assert any("What to do" in notice for notice in said)
    assert "Traceback" not in screen.text()
    assert screen.csv_button("query").count() == 0


def test_a_mistake_is_told_in_the_words_of_the_engine(screen: Screen) -> None:
    screen.open("analysts")
    _ask(screen, "SELECT no_such_column FROM finance.fct_daily_pnl")
    assert any("no_such_column" in notice for notice in screen.notices())


def test_columns_are_documented(screen: Screen) -> None:
    screen.open("analysts")
    documented = {row[0]: row[2] for row in screen.rows(screen.table_with("Meaning"))}
    assert documented["business_date"]
    assert "Grain:" in screen.text()
