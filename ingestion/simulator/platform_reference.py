"""mt5_symbols, mt5_groups, mt5_prices, mt5_time, and the whole set of platform tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import HOUR_MS, server_offset_ms, to_filetime
from ingestion.simulator.market import CURRENCY_DIGITS, GROUPS, SYMBOLS
from ingestion.simulator.platform_accounts import accounts_table, daily_table, users_table
from ingestion.simulator.platform_orders import orders_table, working_orders_table
from ingestion.simulator.platform_trades import (
    Columns,
    daily_positions_table,
    datetimes,
    deals_table,
    in_order,
    positions_table,
    prices,
)
from ingestion.simulator.tables import GROUPS_TABLE, PRICES_TABLE, SYMBOLS_TABLE, TIME_TABLE
from ingestion.simulator.world import World


def symbols_table(world: World) -> pl.DataFrame:
    """What the broker offers."""
    stamp = to_filetime(np.array([world.window.start_ms]))[0]
    columns: Columns = {
        "Symbol": [s.symbol for s in SYMBOLS],
        "Timestamp": [int(stamp) + index for index in range(len(SYMBOLS))],
        "Path": [s.path for s in SYMBOLS],
        "Description": [s.description for s in SYMBOLS],
        "ISIN": [""] * len(SYMBOLS),
        "CurrencyBase": [s.base for s in SYMBOLS],
        "CurrencyProfit": [s.profit for s in SYMBOLS],
        "CurrencyMargin": [s.base if s.calc_mode == 0 else s.profit for s in SYMBOLS],
        "Digits": [s.digits for s in SYMBOLS],
        "ContractSize": [s.contract_size for s in SYMBOLS],
        "CalcMode": [s.calc_mode for s in SYMBOLS],
        "TickSize": [0.0] * len(SYMBOLS),
        "TickValue": [0.0] * len(SYMBOLS),
        "SwapMode": [1] * len(SYMBOLS),
        "SwapLong": [s.swap_long for s in SYMBOLS],
        "SwapShort": [s.swap_short for s in SYMBOLS],
        "Swap3Day": [3] * len(SYMBOLS),
    }
    return in_order(columns, SYMBOLS_TABLE)


def groups_table(world: World) -> pl.DataFrame:
    """Account groups."""
    stamp = to_filetime(np.array([world.window.start_ms]))[0]
    columns: Columns = {
        "Group": [g.group for g in GROUPS],
        "Timestamp": [int(stamp) + index for index in range(len(GROUPS))],
        "Currency": [g.currency for g in GROUPS],
        "CurrencyDigits": [CURRENCY_DIGITS[g.currency] for g in GROUPS],
        "Company": ["Harbour Lane Markets"] * len(GROUPS),
        "MarginMode": [g.margin_mode for g in GROUPS],
    }
    return in_order(columns, GROUPS_TABLE)


def prices_table(world: World) -> pl.DataFrame:
    """The last quote of each symbol."""
    symbol = np.arange(len(SYMBOLS), dtype=np.int64)
    moment = np.full(len(SYMBOLS), world.window.end_ms - 1, dtype=np.int64)
    columns: Columns = {
        "Symbol": [s.symbol for s in SYMBOLS],
        "Time": datetimes(moment // 1000 * 1000),
        "Bid": prices(world.book.quote_points(symbol, moment, np.full_like(symbol, -1)), symbol),
        "Ask": prices(world.book.quote_points(symbol, moment, np.ones_like(symbol)), symbol),
        "Digits": [s.digits for s in SYMBOLS],
    }
    return in_order(columns, PRICES_TABLE)


def time_table(world: World) -> pl.DataFrame:
    """The server's clock: GMT+2, daylight saving on."""
    offset = int(server_offset_ms(np.array([world.window.end_ms - 1]))[0])
    columns: Columns = {
        "TimeZone": [120],
        "Daylight": [1],
        "DaylightState": [int(offset > 2 * HOUR_MS)],
        "TimeServer": ["time.example.com"],
    }
    return in_order(columns, TIME_TABLE)


def platform_tables(world: World) -> dict[str, pl.DataFrame]:
    """Every table of the platform by name."""
    days = world.account_days()
    return {
        "mt5_deals": deals_table(world),
        "mt5_orders_history": orders_table(world),
        "mt5_orders": working_orders_table(world),
        "mt5_users": users_table(world, days),
        "mt5_accounts": accounts_table(world, days),
        "mt5_daily": daily_table(world, days),
        "mt5_daily_positions": daily_positions_table(world),
        "mt5_positions": positions_table(world),
        "mt5_symbols": symbols_table(world),
        "mt5_groups": groups_table(world),
        "mt5_prices": prices_table(world),
        "mt5_time": time_table(world),
    }
