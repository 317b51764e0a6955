"""mt5_deals, mt5_daily_positions and mt5_positions of a simulated broker."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray, to_filetime
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOLS
from ingestion.simulator.prices import RATE_DIGITS, FloatArray
from ingestion.simulator.settlement import SymbolArrays
from ingestion.simulator.tables import (
    DAILY_POSITIONS,
    DEALS,
    POSITIONS,
    TableSpec,
)
from ingestion.simulator.world import World

Columns = dict[str, object]

_NAMES = np.array([spec.symbol for spec in SYMBOLS])
_DIGITS = np.array([spec.digits for spec in SYMBOLS], dtype=np.int64)
_POINT = np.array([10.0**-spec.digits for spec in SYMBOLS])
_CONTRACT = np.array([spec.contract_size for spec in SYMBOLS])
_PROFIT_DIGITS = np.array([CURRENCY_DIGITS[spec.profit] for spec in SYMBOLS], dtype=np.int64)


def in_order(columns: Columns, spec: TableSpec) -> pl.DataFrame:
    """The columns of a table in its order."""
    return pl.DataFrame(columns).select([name for name, _ in spec.columns])


def datetimes(milliseconds: IntArray) -> pl.Series:
    """Naive server-clock datetimes."""
    return pl.Series(milliseconds, dtype=pl.Int64).cast(pl.Datetime("ms")).cast(pl.Datetime("us"))


def money(minor: IntArray, digits: IntArray) -> FloatArray:
    """Doubles of minor units."""
    return np.asarray(minor / 10.0**digits)


def prices(points: IntArray, symbol: IntArray) -> FloatArray:
    """Doubles of points, with the noise that multiplying by a point size gives."""
    return np.asarray(points * _POINT[symbol])


def jitter_ticks(key: IntArray) -> IntArray:
    """-20..+20 ms in 100 ns ticks, a fixed function of a row's key."""
    mixed = (key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
    return (mixed % np.uint64(400_001)).astype(np.int64) - 200_000


def deals_table(world: World) -> pl.DataFrame:
    """Every deal as MT5 exports it."""
    deals = world.deals
    get = {name: deals[name].to_numpy() for name in deals.columns if name != "comment"}
    digits = world.population.currency_digits[get["account"]]
    traded = get["symbol"] >= 0
    symbol = np.maximum(get["symbol"], 0)
    price = np.where(traded, prices(get["price"], symbol), 0.0)
    stop = np.where(traded, prices(get["price_stop"], symbol), 0.0)
    market = SymbolArrays.of_market()
    rate = get["rate"] / 10.0**RATE_DIGITS
    lots = get["volume"] / 100.0
    margin_rate = np.where(
        traded, _rate_to_account(world, symbol, get["account"], get["server_ms"]), 0.0
    )
    spread = world.book.spreads[symbol] * _POINT[symbol]
    bought = get["action"] == 0
    columns: Columns = {
        "Deal": get["deal"],
        "Timestamp": to_filetime(get["changed_ms"], jitter_ticks(get["deal"])),
        "ExternalID": "",
        "Login": get["login"],
        "Dealer": np.where(traded, 0, 1001),
        "Order": get["order"],
        "Action": get["action"],
        "Entry": get["entry"],
        "Reason": get["reason"],
        "Digits": np.where(traded, _DIGITS[symbol], digits),
        "DigitsCurrency": digits,
        "ContractSize": np.where(traded, _CONTRACT[symbol], 0.0),
        "Time": datetimes(get["server_ms"] // 1000 * 1000),
        "TimeMsc": datetimes(get["server_ms"]),
        "Symbol": np.where(traded, _NAMES[symbol], ""),
        "Price": price,
        "PriceSL": np.where(get["reason"] == 3, stop, 0.0),
        "PriceTP": np.where(get["reason"] == 4, stop, 0.0),
        "Volume": get["volume"] * 100,
        "VolumeExt": get["volume"] * 1_000_000,
        "VolumeClosed": get["closed_volume"] * 100,
        "VolumeClosedExt": get["closed_volume"] * 1_000_000,
        "Profit": money(get["profit"], digits),
        "Value": np.where(traded, price * _CONTRACT[symbol] * lots, 0.0),
        "Storage": money(get["storage"], digits),
        "Commission": money(get["commission"], digits),
        "Fee": money(get["fee"], digits),
        "RateProfit": rate,
        "RateMargin": margin_rate,
        "ExpertID": np.where(get["reason"] == 1, 20_260_001, 0),
        "PositionID": get["position_id"],
        "Comment": deals["comment"],
        "ProfitRaw": np.where(traded, money(get["raw"], market.profit_digits[symbol]), 0.0),
        "PricePosition": np.where(traded, prices(get["price_position"], symbol), 0.0),
        "TickValue": 0.0,
        "TickSize": 0.0,
        "Flags": np.zeros(len(deals), dtype=np.int64),
        "Gateway": "",
        "PriceGateway": 0.0,
        "ModifyFlags": get["modify_flags"],
        "MarketBid": np.where(traded, price - np.where(bought, spread, 0.0), 0.0),
        "MarketAsk": np.where(traded, price + np.where(bought, 0.0, spread), 0.0),
        "MarketLast": 0.0,
    }
    return in_order(columns, DEALS)


def _rate_to_account(
    world: World, symbol: IntArray, account: IntArray, server_ms: IntArray
) -> FloatArray:
    """RateMargin: account currency per base currency (XAU: per profit currency)."""
    book = world.book
    moment = np.minimum(server_ms, world.window.end_ms - 1)
    base = np.where(_NAMES[symbol] == "XAUUSD", SymbolArrays.of_market().profit_walk[symbol],
                    book.denominator[symbol])  # fmt: skip
    base = np.where(_NAMES[symbol] == "US500", SymbolArrays.of_market().profit_walk[symbol], base)
    rate = book.profit_rate(base, world.population.walk[account], moment)
    return np.asarray(rate * world.population.cents[account] / 10.0**RATE_DIGITS)


def _held_columns(world: World, rows: np.ndarray) -> Columns:
    held = world.held
    account, symbol = held.account[rows], held.symbol[rows]
    digits = world.population.currency_digits[account]
    volume = np.abs(held.volume[rows])
    moment = world.book.closing_ms(held.day[rows])
    return {
        "Position": position_tickets(world)[held.position[rows]],
        "Login": world.population.login[account],
        "Symbol": _NAMES[symbol],
        "Action": (held.volume[rows] < 0).astype(np.int64),
        "Digits": _DIGITS[symbol],
        "DigitsCurrency": digits,
        "ContractSize": _CONTRACT[symbol],
        "TimeCreate": datetimes(held.opened_ms[rows] // 1000 * 1000),
        "PriceOpen": prices(held.price_open[rows], symbol),
        "PriceCurrent": prices(held.price_close[rows], symbol),
        "Volume": volume * 100,
        "VolumeExt": volume * 1_000_000,
        "Profit": money(held.profit[rows], digits),
        "Storage": money(held.storage[rows], digits),
        "RateProfit": held.rate[rows] / 10.0**RATE_DIGITS,
        "RateMargin": _rate_to_account(world, symbol, account, moment),
    }


def position_tickets(world: World) -> IntArray:
    """Platform ticket of each position number."""
    pairs = world.deals.filter(pl.col("position") >= 0).select("position", "position_id").unique()
    tickets = np.zeros(int(pairs["position"].to_numpy().max(initial=-1)) + 1, dtype=np.int64)
    tickets[pairs["position"].to_numpy()] = pairs["position_id"].to_numpy()
    return tickets


def daily_positions_table(world: World) -> pl.DataFrame:
    """Positions open at each close, with the closing quote and rate."""
    rows = np.arange(len(world.held.day))
    columns = _held_columns(world, rows)
    close = world.held.day * DAY_MS + DAY_MS - 1000
    columns["Datetime"] = close // 1000
    ticket = np.asarray(columns["Position"])
    columns["Timestamp"] = to_filetime(close, 10_000_000 + jitter_ticks(ticket))
    return in_order(columns, DAILY_POSITIONS)


def positions_table(world: World) -> pl.DataFrame:
    """Positions open at the end of the last simulated day."""
    rows = np.flatnonzero(world.held.day == world.window.last)
    columns = _held_columns(world, rows)
    columns["TimeUpdate"] = columns["TimeCreate"]
    columns["PriceSL"] = 0.0
    columns["PriceTP"] = 0.0
    return in_order(columns, POSITIONS)
