"""The truth about the broker's daily P&L.

USD figures use the ECB rate of the business day, crossed through EUR: realised amounts at their
own day, the change of floating as floating(t) x rate(t) - floating(t-1) x rate(t-1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray
from ingestion.simulator.exact_money import UsdRates, exact
from ingestion.simulator.market import GROUPS, SYMBOLS
from ingestion.simulator.truth_books import calendar
from ingestion.simulator.world import World

CHARGE = 4
NO_SYMBOL = -1


@dataclass(frozen=True)
class _Cells:
    """Sums per (account, symbol, day); floating at that close, minor units."""

    account: IntArray
    symbol: IntArray
    day: IntArray
    closed: IntArray
    swap: IntArray
    commission: IntArray
    fee: IntArray
    floating: IntArray
    floating_before: IntArray
    accrued: IntArray
    accrued_before: IntArray


def _cells(world: World) -> _Cells:
    population = world.population
    excluded = [index for index, flag in enumerate(population.is_excluded()) if flag]
    key = ["account", "symbol", "day"]
    dated = world.deals.with_columns(day=pl.col("server_ms") // DAY_MS)
    trades = (
        dated.filter(pl.col("action") <= 1)
        .group_by(key)
        .agg(
            closed=pl.col("profit").sum(),
            swap=pl.col("storage").sum(),
            commission=pl.col("commission").sum(),
            fee=pl.col("fee").sum(),
        )
    )
    charges = (
        dated.filter(pl.col("action") == CHARGE)
        .with_columns(symbol=pl.lit(NO_SYMBOL, dtype=dated.schema["symbol"]))
        .group_by(key)
        .agg(fee=pl.col("profit").sum())
    )
    trades = pl.concat([trades, charges], how="diagonal")
    held = (
        pl.DataFrame({name: getattr(world.held, name) for name in (*key, "profit", "storage")})
        .group_by(key)
        .agg(floating=pl.col("profit").sum(), accrued=pl.col("storage").sum())
    )
    yesterday = held.select(
        "account", "symbol", day=pl.col("day") + 1,
        floating_before=pl.col("floating"), accrued_before=pl.col("accrued"),
    ).filter(pl.col("day") <= world.window.last)  # fmt: skip
    joined = (
        trades.join(held, on=key, how="full", coalesce=True)
        .join(yesterday, on=key, how="full", coalesce=True)
        .filter(~pl.col("account").is_in(excluded))
        .with_columns(pl.all().fill_null(0))
        .sort("account", "day", "symbol")
    )
    names = _Cells.__dataclass_fields__
    return _Cells(**{name: joined[name].to_numpy() for name in names})


def daily_pnl_truth(world: World) -> pl.DataFrame:
    """Client side in account currency, broker side in USD, per login, symbol and day."""
    cells, population = _cells(world), world.population
    account, day = cells.account, cells.day
    digits = population.currency_digits[account]
    usd = UsdRates(world.population, world.rates, world.window)
    books = np.array([spec.book for spec in GROUPS])[population.group[account]]
    dealt = (books == "B").astype(np.int64)
    nothing = usd.of(np.zeros_like(day), account, day)
    before = usd.of(cells.floating_before * dealt, account, day - 1)
    dealing = before - usd.of((cells.closed + cells.floating) * dealt, account, day)
    commission = nothing - usd.of(cells.commission, account, day)
    fee = nothing - usd.of(cells.fee, account, day)
    accrued_before = usd.of(cells.accrued_before, account, day - 1)
    swap = accrued_before - usd.of(cells.swap + cells.accrued, account, day)
    return pl.DataFrame(
        {
            "server_id": [world.server_id] * len(account),
            "login": population.login[account],
            # The last name stands for NO_SYMBOL.
            "symbol": np.array([*(spec.symbol for spec in SYMBOLS), ""])[cells.symbol],
            "business_date": calendar(day),
            "book": books,
            "closed_pnl": exact(cells.closed, digits),
            "floating_change": exact(cells.floating - cells.floating_before, digits),
            "swap_accrual": exact(cells.swap + cells.accrued - cells.accrued_before, digits),
            "commission": exact(cells.commission, digits),
            "fee": exact(cells.fee, digits),
            "dealing_pnl": usd.rounded(dealing, account),
            "commission_income": usd.rounded(commission, account),
            "swap_income": usd.rounded(swap, account),
            "fee_income": usd.rounded(fee, account),
            "total": usd.rounded(dealing + commission + swap + fee, account),
        }
    ).sort("login", "business_date", "symbol")
