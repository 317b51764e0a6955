"""What every position on MetaTrader 4 and cTrader must be worth at each close."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator import ctrader_accounts as ctrader
from ingestion.simulator.clock import IntArray
from ingestion.simulator.ctrader_world import FIRST_POSITION, build_ctrader
from ingestion.simulator.exact_money import exact
from ingestion.simulator.market import TENANT
from ingestion.simulator.mt4_accounts import SERVER_ID as MT4_SERVER
from ingestion.simulator.mt4_days import build_mt4
from ingestion.simulator.mt4_server import tickets
from ingestion.simulator.settlement import SymbolArrays
from ingestion.simulator.world import World


def platform_positions_truth(world: World) -> dict[str, pl.DataFrame]:
    """Lots, prices, result and accrued swap by position and close, both servers."""
    return {"platform_positions": pl.concat([_mt4_positions(world), _ctrader_positions(world)])}


def _mt4_positions(world: World) -> pl.DataFrame:
    server = build_mt4(world)
    nights, trades = server.nights, server.trades
    account, symbol = trades.account[nights.trade], trades.symbol[nights.trade]
    return _positions(
        MT4_SERVER, server.accounts.login[account], nights.day, tickets(server)[0][nights.trade],
        nights.volume, symbol, trades.open_points[nights.trade], nights.close_points,
        nights.floating, nights.accrued, server.accounts.digits[account],
    )  # fmt: skip


def _ctrader_positions(world: World) -> pl.DataFrame:
    server = build_ctrader(world)
    closes, population = server.closes, server.population
    return _positions(
        ctrader.SERVER_ID, population.login[closes.account], closes.day,
        FIRST_POSITION + closes.position, np.abs(closes.volume), closes.symbol, closes.price_open,
        closes.price_close, closes.profit, closes.storage,
        population.currency_digits[closes.account],
    )  # fmt: skip


def _positions(
    server_id: str, login: IntArray, day: IntArray, position: IntArray, volume: IntArray,
    symbol: IntArray, open_points: IntArray, close_points: IntArray, floating: IntArray,
    accrued: IntArray, digits: IntArray,
) -> pl.DataFrame:  # fmt: skip
    price_digits = SymbolArrays.of_market().digits[symbol]
    return pl.DataFrame(
        {
            "tenant_id": pl.Series([TENANT] * len(login), dtype=pl.String),
            "server_id": pl.Series([server_id] * len(login), dtype=pl.String),
            "login": login,
            "business_date": pl.Series(day).cast(pl.Int32).cast(pl.Date),
            "position_id": position,
            "lots": exact(volume, np.full(len(volume), 2)),
            "open_price": exact(open_points, price_digits),
            "close_price": exact(close_points, price_digits),
            "floating_pnl": exact(floating, digits),
            "floating_swap": exact(accrued, digits),
        }
    )
