"""The simulated MT4 server: its quirks, and its truth against the staging views."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ingestion.simulator import simulate
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.truth import truth_checks
from tests.ingestion.mt4_exports import NONE
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

MODELS = (
    "ref_currencies", "ref_psp_minor_units",
    "stg_mt4__trades", "stg_mt4__users", "stg_mt4__daily_reports",
    "stg_mt4__prices", "stg_broker__symbols", "stg_broker__groups",
    "stg_mt4_files__report_trades", "stg_mt4_files__statement_trades",
    "stg_mt4_files__statements",
)  # fmt: skip
VIEWS = frozenset(
    f"staging.{name}" for name in ("stg_mt4__trades", "stg_mt4__users", "stg_mt4__daily_reports")
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A broker of 12 accounts and 20 days, which gives MT4 five."""
    folder = tmp_path_factory.mktemp("mt4") / "broker"
    simulate(seed=3, days=20, accounts=12, out=folder)
    return folder


@pytest.fixture(scope="module")
def synced(simulated: Path) -> Settings:
    """The MT4 server and the broker's files loaded, staging built and tested."""
    settings = load_settings(simulated / "daybook.toml")
    for name in ("broker", "mt4_live"):
        report = sync_once(settings, name)
        assert not report.failed
        assert report.sources[0].problems == ()
    result = run_dbt(settings, ["build", "--select", *MODELS])
    assert not result.failed, [(node.name, node.message) for node in result.failed]
    return settings


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the simulated database."""
    with sqlite3.connect(folder / "mt4_live.sqlite") as con:
        return con.execute(query).fetchall()


def test_staging_is_the_truth_and_a_cent_is_seen(synced: Settings, simulated: Path) -> None:
    truth = simulated / "truth"
    with connect("read", settings=synced) as con:
        checks = {check.id: check for check in truth_checks(con, truth, VIEWS)}
        assert {name: check.broken for name, check in checks.items()} == {
            "truth_mt4_daily_reports": 0,
            "truth_mt4_trades": 0,
            "truth_mt4_accounts": 0,
        }
        assert all(check.population >= 5 for check in checks.values())
    login, ticket = asked(simulated, "SELECT LOGIN, min(TICKET) FROM MT4_TRADES WHERE CMD = 6")[0]
    with sqlite3.connect(simulated / "mt4_live.sqlite") as con:
        con.execute("UPDATE MT4_TRADES SET PROFIT = PROFIT + 0.01 WHERE TICKET = ?", [ticket])
    sync_once(synced, "mt4_live")
    with connect("read", settings=synced) as con:
        checks = {check.id: check for check in truth_checks(con, truth, VIEWS)}
    assert checks["truth_mt4_trades"].broken == 1, login
    assert checks["truth_mt4_accounts"].broken == 1
    assert checks["truth_mt4_daily_reports"].broken == 0


def test_the_database_has_the_habits_of_real_ones(simulated: Path) -> None:
    [(positions, orders)] = asked(
        simulated,
        "SELECT count(*) FILTER (WHERE CMD < 2), count(*) FILTER (WHERE CMD > 1) FROM MT4_TRADES "
        f"WHERE CLOSE_TIME = '{NONE}'",
    )
    assert (positions >= 2, orders) == (True, 3)
    # A partial close: the rest has the opening of the first, and both comments name each other.
    pairs = asked(
        simulated,
        "SELECT a.OPEN_TIME = b.OPEN_TIME, a.OPEN_PRICE = b.OPEN_PRICE, b.TICKET > a.TICKET, "
        "b.COMMENT LIKE 'from #' || a.TICKET || '%' FROM MT4_TRADES a JOIN MT4_TRADES b "
        "ON a.COMMENT = 'to #' || b.TICKET",
    )
    assert len(pairs) > 3
    assert set(pairs) == {(1, 1, 1, 1)}
    # Tickets are not in the order of time: a filled order keeps the ticket it was placed under.
    assert asked(
        simulated,
        "SELECT count(*) FROM (SELECT OPEN_TIME, lag(OPEN_TIME) OVER (ORDER BY TICKET) AS before "
        "FROM MT4_TRADES WHERE CMD < 2) WHERE OPEN_TIME < before",
    )[0][0]
    assert asked(simulated, "SELECT max(length(COMMENT)) FROM MT4_TRADES") == [(31,)]
    kinds = asked(
        simulated,
        "SELECT count(*) FILTER (WHERE COMMENT LIKE '%[sl]'), "
        "count(*) FILTER (WHERE COMMENT LIKE '%[tp]'), "
        "count(*) FILTER (WHERE COMMENT LIKE 'CRM-S-%Swap' AND CMD = 6), "
        "count(*) FILTER (WHERE COMMENT = 'cancelled' AND CMD BETWEEN 2 AND 5), "
        "count(*) FILTER (WHERE COMMENT LIKE 'IT From %') FROM MT4_TRADES",
    )[0]
    assert all(kinds), kinds
    # One trade came in two days after its close, one is gone, and yen have no decimals.
    assert asked(
        simulated,
        f"SELECT count(*) FROM MT4_TRADES WHERE CLOSE_TIME <> '{NONE}' "
        "AND julianday(MODIFY_TIME) - julianday(CLOSE_TIME) > 1.9",
    ) == [(1,)]
    assert asked(
        simulated,
        "SELECT count(*) FROM MT4_TRADES t JOIN MT4_USERS u USING (LOGIN) "
        "WHERE u.CURRENCY = 'JPY' AND t.PROFIT <> round(t.PROFIT)",
    ) == [(0,)]
    logins = {login for (login,) in asked(simulated, "SELECT LOGIN FROM MT4_USERS")}
    with sqlite3.connect(simulated / "mt5_live.sqlite") as con:
        others = {login for (login,) in con.execute("SELECT Login FROM mt5_users")}
    assert not logins & others


def test_the_same_arguments_give_the_same_rows(simulated: Path, tmp_path: Path) -> None:
    simulate(seed=3, days=20, accounts=12, out=tmp_path / "again", truth=False)
    query = "SELECT * FROM MT4_DAILY ORDER BY LOGIN, TIME"
    assert asked(simulated, query) == asked(tmp_path / "again", query)
