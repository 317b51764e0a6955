"""Deals and open positions re-add to the P&L for every account, symbol, book and day there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from dashboards.queries import behind, finance
from dashboards.queries.finance import Level
from dashboards.queries.scope import Choice, Scope
from dashboards.reading import Lake
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

_KEY = {
    "day": "business_date",
    "book": "book",
    "symbol": "symbol",
    "client": "client_key",
    "account": "account_key",
}
# Each line of the P&L is cut to eight decimals by itself.
_CUT = Decimal("0.0001")


@pytest.fixture(scope="module")
def lake(books: Settings) -> Iterator[Lake]:
    with Lake(books) as opened:
        yield opened


@pytest.fixture(scope="module")
def scope(books: Settings, lake: Lake) -> Scope:
    """Every day of the books: the closed ones as published, the open ones from the head."""
    state = lake.state()
    snapshot = state.publications[0].snapshot_id
    published = finance.published_days(lake, state.head, books.tenant, snapshot)
    return Scope(
        tenant=books.tenant,
        choice=Choice(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        published_snapshot=snapshot,
        head_snapshot=state.head,
        published_days=tuple(published.select("server_id", "business_date").iter_rows()),
    )


@pytest.mark.parametrize("level", ["day", "book", "symbol", "client", "account"])
def test_every_line_adds_up(lake: Lake, scope: Scope, level: Level) -> None:
    lines = finance.breakdown(lake, scope)[level]
    assert lines.height > 1
    for key in lines[_KEY[level]].drop_nulls():
        narrow = scope.narrowed(**{str(level): key})
        figures = finance.breakdown(lake, narrow)["total"]
        proof = behind.proof(lake, narrow, behind.positions(lake, narrow), figures)
        worst = max(abs(value) for value in proof["difference"])
        assert worst < _CUT, f"{level} {key}: {proof}"


def test_the_levels_sum_to_the_same_total_as_the_mart(
    books: Settings, lake: Lake, scope: Scope
) -> None:
    held = finance.breakdown(lake, scope)
    with connect("read", settings=books) as con:
        row = con.execute(
            "SELECT sum(total_reporting), sum(deal_count) FROM lake.finance.fct_daily_pnl"
        ).fetchone()
    assert row is not None
    for level in ("total", "day", "book", "symbol", "client", "account"):
        assert held[level]["total"].sum() == row[0]
        assert held[level]["deals"].sum() == row[1]


def test_without_open_days_only_published_days_are_summed(
    books: Settings, lake: Lake, scope: Scope, closed_days: tuple[dt.date, dt.date]
) -> None:
    from dataclasses import replace

    closed = finance.breakdown(lake, replace(scope, head_snapshot=None))
    assert closed["day"]["business_date"].max() == closed_days[1]
    everything = finance.breakdown(lake, scope)
    assert everything["day"].height > closed["day"].height
