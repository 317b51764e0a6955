"""Comparing two snapshots finds what changed, whichever way the table came to be."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from quality.comparison import compare, diff
from quality.comparison.diff import RowChange
from quality.comparison.grain import keys
from warehouse.connection import connect
from warehouse.errors import SnapshotError, UsageError
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction

MART = "finance.fct_daily_pnl"
_ROWS = """
SELECT
    'demo' AS tenant_id, 'live' AS server_id, login, 'EURUSD' AS symbol,
    DATE '2026-10-01' + CAST(day AS INTEGER) AS business_date, 'USD' AS reporting_currency,
    'B' AS book, CAST(login * 10 + day AS DECIMAL(38, 8)) AS total_reporting
FROM range(1, 201) AS logins(login), range(0, 5) AS days(day)
"""


class Books:
    """One mart of a thousand rows, changed step by step."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.made = self.change(
            "CREATE SCHEMA lake.finance", f"CREATE TABLE lake.{MART} AS {_ROWS}"
        )

    def change(self, *statements: str) -> int:
        """Run statements as one change of the lake; returns the snapshot that holds it."""
        with connect("write", settings=self.settings) as con:
            with transaction(con, "change", self.settings):
                for statement in statements:
                    con.execute(statement)
            return current_snapshot(con)

    def rebuild(self, day: str, *, also: str = "") -> int:
        """Delete a day and write it again, as an incremental model does."""
        return self.change(
            f"DELETE FROM lake.{MART} WHERE business_date = DATE '{day}'",
            f"INSERT INTO lake.{MART} SELECT * FROM ({_ROWS}) WHERE business_date = DATE '{day}'",
            *([also] if also else []),
        )


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return Books(Settings(home=tmp_path_factory.mktemp("comparison") / "home"))


@pytest.fixture
def con(books: Books) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect("read", settings=books.settings) as opened:
        yield opened


def plain(row: RowChange) -> tuple[str, str, Decimal | None, list[tuple[str, object, object]]]:
    changes = [(item.column, item.old, item.new) for item in row.changes]
    return row.row_key, row.status, row.money, changes if row.status == "changed" else []


def test_keys_are_those_the_documentation_tests() -> None:
    assert keys()["fct_daily_pnl"][:3] == ("tenant_id", "server_id", "login")
    assert keys()["fct_breaks"] == ("break_key",)
    assert keys()["fct_restatements"][-1] == "column_name"


def test_a_day_written_again_alike_is_no_change(books: Books) -> None:
    first = books.made
    last = books.rebuild("2026-10-03")
    found = diff(books.settings, str(first), str(last))
    assert found.marts == ()
    assert found.same == (MART,)
    assert found.rows == ()


def test_planted_changes_and_nothing_else(books: Books) -> None:
    first = books.rebuild("2026-10-01")
    last = books.rebuild(
        "2026-10-02",
        also=f"UPDATE lake.{MART} SET total_reporting = total_reporting + 7, book = 'A' "
        "WHERE login = 12 AND business_date = DATE '2026-10-02'",
    )
    last = books.change(
        f"DELETE FROM lake.{MART} WHERE login = 5 AND business_date = DATE '2026-10-04'",
        f"INSERT INTO lake.{MART} VALUES "
        "('demo', 'live', 999, 'XAUUSD', DATE '2026-10-05', 'USD', 'B', -40)",
    )
    planted = [
        ("demo/live/5/EURUSD/2026-10-04", "removed", Decimal(-53), []),
        ("demo/live/999/XAUUSD/2026-10-05", "added", Decimal(-40), []),
        (
            "demo/live/12/EURUSD/2026-10-02",
            "changed",
            Decimal(7),
            [("book", "B", "A"), ("total_reporting", Decimal(121), Decimal(128))],
        ),
    ]
    found = diff(books.settings, str(first), str(last))
    assert [plain(row) for row in found.rows] == planted
    (mart,) = found.marts
    assert (mart.added, mart.removed, mart.changed) == (1, 1, 1)
    assert mart.money_moved == {"USD": Decimal(100)}
    assert mart.by_feed

    # Backwards the same rows, the other way round.
    back = diff(books.settings, str(last), "head")
    assert back.marts == ()
    back = diff(books.settings, str(last), str(first))
    assert [row.status for row in back.rows] == ["added", "removed", "changed"]
    assert [row.money for row in back.rows] == [Decimal(53), Decimal(40), Decimal(-7)]

    # A table that was made anew has no feed to tell: its versions are compared.
    anew = books.change(f"CREATE OR REPLACE TABLE lake.{MART} AS SELECT * FROM lake.{MART}")
    assert diff(books.settings, str(last), str(anew)).marts == ()
    found = diff(books.settings, str(first), str(anew), limit=2)
    assert not found.marts[0].by_feed
    assert [plain(row) for row in found.rows] == planted[:2]


def test_a_condition_narrows_both_sides(books: Books, con: duckdb.DuckDBPyConnection) -> None:
    first = current_snapshot(con)
    last = books.change(f"UPDATE lake.{MART} SET book = 'A' WHERE login IN (20, 21)")
    with connect("read", settings=books.settings) as head:
        compare(head, MART, first, last, where="login = 20")
        rows = head.execute("SELECT DISTINCT login, status, o.book, n.book FROM changed").fetchall()
    assert rows == [(20, "changed", "B", "A")]


def test_what_cannot_be_compared_is_named(books: Books) -> None:
    with pytest.raises(SnapshotError, match="no snapshot 99999"):
        diff(books.settings, "99999", "head")
    with pytest.raises(UsageError, match="no_such_mart"):
        diff(books.settings, str(books.made), "head", mart="no_such_mart")
