"""MetaTrader 4 and cTrader in the books: the simulator's truth, and changes after the close."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.sync import sync_once
from orchestration.build import build
from quality.lake_tables import held_tables
from quality.truth import truth_checks
from tests.orchestration.daily import rebuild_whole
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

pytestmark = pytest.mark.dbt

MARTS = {
    "canonical.can_deals": "deal_key",
    "finance.fct_account_days": "server_id, login, business_date",
    "finance.fct_open_positions": "server_id, position_id, business_date",
    "finance.fct_daily_pnl": "server_id, login, symbol, business_date",
    "finance.fct_breaks": "break_key",
}


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of the lake as of now."""
    with connect("read", settings=settings) as con:
        return con.execute(query).fetchall()


def marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the marts; the version of the source row a figure was read from is left out.

    An open ticket's profit moves with the market: a new version of its row, no change of its deal.
    """
    versions = "COLUMNS(name -> name NOT IN ('raw_row_id', 'load_id'))"
    return {
        mart: rows(settings, f"SELECT {versions} FROM lake.{mart} ORDER BY {order}")
        for mart, order in MARTS.items()
    }


def test_every_account_and_day_equals_the_truth(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    with connect("read", settings=settings) as con:
        checks = {
            check.id: check
            for check in truth_checks(con, closed_broker / "truth", held_tables(con))
        }
    for name in (
        "truth_platform_account_days", "truth_platform_pnl", "truth_platform_positions",
    ):  # fmt: skip
        assert checks[name].holds, checks[name]
        assert checks[name].population > 100
    assert [name for name, check in checks.items() if not check.holds] == []


def test_both_servers_close_their_days(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    published = dict(
        rows(
            settings,
            "SELECT server_id, count(DISTINCT business_date) FROM lake.meta.published GROUP BY 1",
        )
    )
    assert published["mt4_live"] == published["mt5_live"]
    assert published["ctrader_live"] > 10


def test_a_ticket_edited_deleted_and_booked_late_restates_its_days(broker: Settings) -> None:
    assert broker.config_path is not None
    database = broker.config_path.parent / "mt4_live.sqlite"
    with sqlite3.connect(database) as con:
        tickets = con.execute(
            "SELECT TICKET, LOGIN, PROFIT + SWAPS + COMMISSION FROM MT4_TRADES "
            "WHERE CMD < 2 AND CLOSE_TIME > '1971-01-01' AND COMMENT NOT LIKE '%#%' "
            "ORDER BY CLOSE_TIME LIMIT 3"
        ).fetchall()
        (edited, editor, _), (deleted, loser, lost), _ = tickets
        con.execute(
            "UPDATE MT4_TRADES SET PROFIT = PROFIT + 5, "
            "MODIFY_TIME = (SELECT max(MODIFY_TIME) FROM MT4_TRADES) WHERE TICKET = ?",
            [edited],
        )
        con.execute("DELETE FROM MT4_TRADES WHERE TICKET = ?", [deleted])
        # A trade that stays open loses a little more: no business of the books.
        con.execute("UPDATE MT4_TRADES SET PROFIT = PROFIT - 1 WHERE CLOSE_TIME < '1971-01-01'")

    def balance(login: int) -> Decimal:
        [(amount,)] = rows(
            broker,
            "SELECT arg_max(closing_balance_amount, business_date) "
            f"FROM lake.finance.fct_account_days WHERE server_id = 'mt4_live' AND login = {login}",
        )
        return Decimal(amount)

    before = {login: balance(login) for login in (editor, loser)}
    days = rows(broker, "SELECT count(*) FROM lake.meta.touched_days")
    sync_once(broker, "mt4_live")
    touched = rows(
        broker,
        "SELECT DISTINCT login FROM lake.meta.touched_accounts "
        "WHERE server_id = 'mt4_live' AND load_id > "
        "(SELECT max(watermark_to) FROM lake.meta.builds)",
    )
    assert {login for (login,) in touched} == {editor, loser}
    assert rows(broker, "SELECT count(*) FROM lake.meta.touched_days") > days
    build(broker)
    expected = dict(before)
    expected[editor] += 5
    expected[loser] -= Decimal(str(lost)).quantize(Decimal("0.01"))
    assert {login: balance(login) for login in (editor, loser)} == expected
    stepwise = marts(broker)
    rebuild_whole(broker)
    assert marts(broker) == stepwise


def test_every_account_of_both_servers_has_its_client(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    owned = rows(
        settings,
        "SELECT platform, count(*), count(client_key), count(DISTINCT client_key) "
        "FROM lake.canonical.can_accounts WHERE platform IN ('mt4', 'ctrader') "
        "GROUP BY platform ORDER BY platform",
    )
    assert [(platform, accounts == linked) for platform, accounts, linked, _ in owned] == [
        ("ctrader", True),
        ("mt4", True),
    ]
    # The same people trade on all three.
    assert rows(
        settings,
        "SELECT count(*) FROM (SELECT client_key FROM lake.canonical.can_accounts "
        "WHERE client_key IS NOT NULL GROUP BY client_key HAVING count(DISTINCT platform) = 3)",
    ) != [(0,)]
    unclaimed = "SELECT count(*) FROM lake.finance.{} WHERE client_key IS NULL AND {}"
    for mart in ("fct_daily_pnl", "fct_open_positions"):
        servers = "server_id IN ('mt4_live', 'ctrader_live')"
        assert rows(settings, unclaimed.format(mart, servers)) == [(0,)]
    # Their deposits and withdrawals are requests of the CRM, one for one.
    assert (
        rows(
            settings,
            "SELECT server_id FROM lake.canonical.can_cash_movements "
            "WHERE kind IN ('deposit', 'withdrawal') AND request_id IS NULL "
            "AND server_id IN ('mt4_live', 'ctrader_live')",
        )
        == []
    )


def test_positions_come_to_what_the_platform_reports(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    # Nothing is left over, on any account and close.
    assert rows(
        settings, "SELECT count(*) FROM lake.finance.fct_open_positions WHERE position_id < 0"
    ) == [(0,)]
    assert rows(
        settings,
        "SELECT count(*) > 100, count(floating_pnl_amount) = count(*), "
        "count(floating_swap_amount) = count(*), count(DISTINCT server_id) "
        "FROM lake.finance.fct_open_positions WHERE server_id IN ('mt4_live', 'ctrader_live')",
    ) == [(True, True, True, 2)]
    # cTrader tells its open positions and their swap as of now: that is the last close.
    assert rows(
        settings,
        """
        SELECT count(*) > 0, count(*) FILTER (
            WHERE o.volume_lots IS DISTINCT FROM p.volume_lots
                OR o.open_price IS DISTINCT FROM p.open_price
                OR o.floating_swap_amount IS DISTINCT FROM p.floating_swap_amount
        )
        FROM lake.staging.stg_ctrader__open_positions AS p
        LEFT JOIN lake.finance.fct_open_positions AS o
            ON o.server_id = p.server_id AND o.position_id = p.position_id
            AND o.business_date = (
                SELECT max(business_date) FROM lake.finance.fct_open_positions
                WHERE server_id = 'ctrader_live'
            )
        """,
    ) == [(True, 0)]
