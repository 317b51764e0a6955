"""The open day as a view: what is loaded shows before a build, as the build will write it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dashboards.queries import behind, finance
from dashboards.queries.scope import Choice, Scope
from dashboards.reading import Lake
from ingestion.sync import sync_once
from orchestration.build import build
from orchestration.live_views import ensure_live_views
from tests.orchestration.daily import correct, rows
from warehouse.connection import connect
from warehouse.guard import run_guarded_query
from warehouse.live import TABLES, hold
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

PROFIT = Decimal("-123.45")
# What a build makes anew: after one, there is nothing left to.
TO_RESTATE = "int_builds__days_restated"


def listed(settings: Settings, schema: str, table: str) -> list[tuple[Any, ...]]:
    """Every row of one table or view, in some fixed order."""
    return rows(settings, f"SELECT * FROM lake.{schema}.{table} ORDER BY ALL")


def as_built(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every table that has a live view."""
    return {table: listed(settings, schema, table) for table, schema in TABLES.items()}


def as_now(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every live view."""
    return {table: listed(settings, "live", table) for table in TABLES}


def as_held(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every live table as a page holds it for its queries."""
    with connect("read", settings=settings) as con:
        assert hold(con)
        return {
            table: con.execute(f"SELECT * FROM temp.live_{table} ORDER BY ALL").fetchall()
            for table in TABLES
        }


def a_losing_trade_tomorrow(database: Path) -> dt.date:
    """A client of the B book loses on the business day after the last one of the platform."""
    with closing(sqlite3.connect(database)) as con, con:
        con.row_factory = sqlite3.Row
        last = con.execute(
            'SELECT d.* FROM mt5_deals AS d JOIN mt5_users AS u USING ("Login") '
            'WHERE d."Action" < 2 AND u."Group" LIKE \'%B-USD%\' ORDER BY d."Deal" DESC LIMIT 1'
        ).fetchone()
        day = con.execute("SELECT date(max(\"Time\"), '+3 days') FROM mt5_deals").fetchone()[0]
        new = dict(last) | {
            "Deal": con.execute('SELECT max("Deal") + 1 FROM mt5_deals').fetchone()[0],
            "Timestamp": con.execute('SELECT max("Timestamp") + 1 FROM mt5_deals').fetchone()[0],
            "Time": f"{day} 10:00:00",
            "TimeMsc": f"{day} 10:00:00.000000",
            "Entry": 1,
            "Profit": float(PROFIT),
            "Storage": 0.0,
            "Commission": -1.5,
        }
        con.execute(
            f"INSERT INTO mt5_deals ({', '.join(chr(34) + name + chr(34) for name in new)}) "
            f"VALUES ({', '.join('?' * len(new))})",
            list(new.values()),
        )
    return dt.date.fromisoformat(day)


def test_what_is_loaded_shows_as_the_next_build_will_write_it(broker: Settings) -> None:
    assert as_now(broker) == as_built(broker) | {TO_RESTATE: []}
    assert broker.config_path is not None
    folder = broker.config_path.parent
    correct(broker)
    day = a_losing_trade_tomorrow(folder / "mt5_live.sqlite")
    with closing(sqlite3.connect(folder / "mt4_live.sqlite")) as con, con:
        con.execute(
            "UPDATE MT4_TRADES SET PROFIT = PROFIT + 5, "
            "MODIFY_TIME = (SELECT max(MODIFY_TIME) FROM MT4_TRADES) WHERE TICKET = "
            "(SELECT min(TICKET) FROM MT4_TRADES WHERE CMD < 2 AND CLOSE_TIME > '1971-01-01')"
        )
    before = as_built(broker)
    sync_once(broker)
    assert as_built(broker) == before
    now = as_now(broker)
    assert as_held(broker) == now
    moved = {name for name, held in now.items() if held != before[name]}
    assert moved >= {"can_deals", "fct_account_days", "fct_daily_pnl"}

    with Lake(broker) as lake:
        head = lake.state().head
        scope = Scope(
            tenant="demo",
            choice=Choice(day, day),
            published_snapshot=None,
            head_snapshot=head,
            published_days=(),
        )
        figures = finance.breakdown(lake, scope)["total"]
        [line] = figures.to_dicts()
        assert line["deals"] == 1
        assert line["dealing"] == -PROFIT
        assert line["commission"] == Decimal("1.5")
        [deal] = behind.deals(lake, scope).to_dicts()
        assert deal["dealing"] == -PROFIT
        proof = behind.proof(lake, scope, behind.positions(lake, scope), figures)
        assert max(abs(value) for value in proof["difference"]) < Decimal("0.0001")
        states = finance.day_states(
            lake, head, "demo", finance.published_days(lake, head, "demo", head)
        )
        assert [
            (state["server_id"], state["state"])
            for state in states.to_dicts()
            if state["business_date"] == day
        ] == [("mt5_live", "open")]

    build(broker)
    built = as_built(broker)
    for name, held in now.items():
        assert held == built[name], name
    assert as_now(broker) == built | {TO_RESTATE: []}


def test_the_views_are_made_once_and_analysts_may_read_them(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    assert not ensure_live_views(settings)
    query = "SELECT count(*) AS deals FROM {schema}.can_deals"
    live, built = (
        run_guarded_query(query.format(schema=schema), settings=settings, tenant="demo").frame.row(
            0
        )
        for schema in ("live", "canonical")
    )
    assert live == built
    assert live[0] > 1000
