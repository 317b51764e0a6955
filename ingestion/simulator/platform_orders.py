"""mt5_orders_history and mt5_orders of a simulated broker."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, to_filetime
from ingestion.simulator.exact_money import decimals
from ingestion.simulator.market import SYMBOLS
from ingestion.simulator.platform_trades import Columns, datetimes, in_order, jitter_ticks, prices
from ingestion.simulator.tables import ORDERS, WORKING_ORDERS
from ingestion.simulator.world import World, stream

# Apart from the numbers of filled orders, which a corrected broker may have more or fewer of.
FIRST_PENDING = 2_000_000_000
_STILL_WORKING = 4
_PLACED, _CANCELLED, _FILLED = 1, 2, 4
_NAMES = np.array([spec.symbol for spec in SYMBOLS])


def pending_orders(world: World) -> pl.DataFrame:
    """Limit and stop orders that never traded, by order number; ``done_ms`` 0 where one still
    waits. Prices are points, volumes hundredths of a lot."""
    population, window = world.population, world.window
    rng = stream(world.seed, "mt5 pending orders")
    days = window.trading_days()
    owners = np.flatnonzero(population.client >= 0)
    count = max(2 * _STILL_WORKING, len(owners) * len(days) // 50)
    account = rng.choice(owners, count)
    symbol = rng.integers(0, len(SYMBOLS), count)
    placed = rng.choice(days, count) * DAY_MS + rng.integers(3_600, 60_000, count) * 1000
    placed = np.maximum(placed, population.registered_ms[account] // 1000 * 1000)
    lived = rng.integers(60, 400_000, count) * 1000
    waits = np.arange(count) < _STILL_WORKING
    done = np.where(waits, 0, np.minimum(placed + lived, window.end_ms - 1000))
    kind = rng.integers(2, 6, count)
    side = np.where(kind % 2 == 0, 1, -1)
    away = np.where(kind < 4, -side, side) * rng.integers(50, 400, count)
    quote = world.book.quote_points(symbol, placed, side)
    return pl.DataFrame(
        {
            "order": FIRST_PENDING + np.arange(count), "account": account, "symbol": symbol,
            "kind": kind, "price": quote + away, "side": side,
            "volume": rng.integers(1, 200, count), "placed_ms": placed, "done_ms": done,
        }
    )  # fmt: skip


def orders_table(world: World) -> pl.DataFrame:
    """One filled order per trade deal, and the pending ones that were cancelled."""
    deals = world.deals.filter(pl.col("order") > 0)
    get = {name: deals[name].to_numpy() for name in deals.columns if name != "comment"}
    symbol, price = get["symbol"], prices(get["price"], get["symbol"])
    filled: Columns = {
        "Order": get["order"],
        "Timestamp": to_filetime(get["arrival_ms"], jitter_ticks(get["order"])),
        "Login": get["login"],
        "Symbol": _NAMES[symbol],
        "Type": np.where(get["entry"] == 3, 8, get["action"] % 12 % 2),
        "State": np.full(len(deals), _FILLED),
        "Reason": get["reason"],
        "TimeSetup": datetimes((get["server_ms"] - 180) // 1000 * 1000),
        "TimeDone": datetimes(get["server_ms"] // 1000 * 1000),
        "PriceOrder": price,
        "PriceCurrent": price,
        "VolumeInitial": get["volume"] * 100,
        "VolumeInitialExt": get["volume"] * 1_000_000,
        "VolumeCurrent": np.zeros(len(deals), dtype=np.int64),
        "VolumeCurrentExt": np.zeros(len(deals), dtype=np.int64),
        "PositionID": get["position_id"],
        "Comment": deals["comment"],
    }
    cancelled = pending_orders(world).filter(pl.col("done_ms") > 0)
    number, done = cancelled["order"].to_numpy(), cancelled["done_ms"].to_numpy()
    columns = _pending(world, cancelled, _CANCELLED)
    columns["Timestamp"] = to_filetime(done, jitter_ticks(number))
    columns["TimeDone"] = datetimes(done)
    return pl.concat([in_order(filled, ORDERS), in_order(columns, ORDERS)])


def working_orders_table(world: World) -> pl.DataFrame:
    """Pending orders that wait at the end of the last simulated day."""
    waiting = pending_orders(world).filter(pl.col("done_ms") == 0)
    columns = _pending(world, waiting, _PLACED)
    points = waiting["price"].to_numpy() - 300 * waiting["side"].to_numpy()
    columns["PriceSL"] = prices(points, waiting["symbol"].to_numpy())
    columns["PriceTP"] = 0.0
    columns["TimeExpiration"] = datetimes(np.zeros(len(waiting), dtype=np.int64))
    return in_order(columns, WORKING_ORDERS)


def _pending(world: World, orders: pl.DataFrame, state: int) -> Columns:
    symbol, volume = orders["symbol"].to_numpy(), orders["volume"].to_numpy()
    moment = np.maximum(orders["done_ms"].to_numpy(), orders["placed_ms"].to_numpy())
    quote = world.book.quote_points(symbol, moment, -orders["side"].to_numpy())
    return {
        "Order": orders["order"],
        "Login": world.population.login[orders["account"].to_numpy()],
        "Symbol": _NAMES[symbol],
        "Type": orders["kind"],
        "State": np.full(len(orders), state),
        "Reason": np.zeros(len(orders), dtype=np.int64),
        "TimeSetup": datetimes(orders["placed_ms"].to_numpy()),
        "PriceOrder": prices(orders["price"].to_numpy(), symbol),
        "PriceCurrent": prices(quote, symbol),
        "VolumeInitial": volume * 100,
        "VolumeInitialExt": volume * 1_000_000,
        "VolumeCurrent": volume * 100,
        "VolumeCurrentExt": volume * 1_000_000,
        "PositionID": np.zeros(len(orders), dtype=np.int64),
        "Comment": "",
    }


def pending_orders_truth(world: World) -> pl.DataFrame:
    """What the books must know of each pending order."""
    orders = pending_orders(world)
    done = orders["done_ms"].to_numpy()
    return pl.DataFrame(
        {
            "server_id": world.server_id,
            "order_id": orders["order"],
            "login": world.population.login[orders["account"].to_numpy()],
            "volume_lots": decimals(orders["volume"].to_numpy() * 1_000_000, 24),
            "placed_at_server": datetimes(orders["placed_ms"].to_numpy()),
            "done_at_server": pl.select(
                pl.when(pl.Series(done > 0)).then(datetimes(done))
            ).to_series(),
        }
    ).sort("order_id")
