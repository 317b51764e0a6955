"""Changes of the past: what the platform said when a day closed, and what it says now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.cash import at
from ingestion.simulator.clock import DAY_MS, Window, is_weekend
from ingestion.simulator.errors import SimulationError
from ingestion.simulator.population import FIRST_ORDINARY, Population
from ingestion.simulator.settlement import SymbolArrays, raw_profit, to_account


@dataclass(frozen=True)
class Restatement:
    """A closed day whose platform row was not rewritten.

    ``known_delta`` is what the platform's row of that day states minus what is true now, in minor
    units, for one roll-forward component.
    """

    account: int
    day: int
    component: str
    known_delta: int
    break_type: str


def edit_one_deal(
    deals: pl.DataFrame, population: Population, window: Window, fraction: float,
    modify_flags: int, shift_points: int, changed_ms: int | None = None,
    avoid: frozenset[int] = frozenset(),
) -> tuple[pl.DataFrame, Restatement]:  # fmt: skip
    """Change the closing price of one plain closing deal and what follows from it.

    The deal is the first one at or after that fraction of the window whose next day is a trading
    day too. ``changed_ms`` is when it was changed, by default the next morning.

    Raises:
        SimulationError: no deal qualifies (too little trading).
    """
    start = window.trading_day_near(fraction)
    day = pl.col("server_ms") // DAY_MS
    excluded = [index for index, flag in enumerate(population.is_excluded()) if flag]
    skip = [*range(FIRST_ORDINARY + 2), *excluded, *avoid]
    found = deals.filter(
        (pl.col("entry") == 1)
        & pl.col("reason").is_in([0, 1, 16, 17])
        & ~pl.col("account").is_in(skip)
        & (day >= start)
        & (day < window.last)
        & (day % 7 != 1)  # Friday: 1970-01-02 was one
    ).head(1)
    if found.is_empty():
        raise SimulationError(
            "No closing deal is left to edit.",
            where=f"after {fraction:.0%} of the simulated window",
            todo="simulate more accounts, days or deals per day",
        )
    row = found.row(0, named=True)
    symbols = SymbolArrays.of_market()
    symbol = np.array([row["symbol"]])
    held_side = 1 if row["action"] == 1 else -1
    price = row["price"] + shift_points
    raw = raw_profit(
        symbols, symbol, np.array([price - row["price_position"]]),
        np.array([held_side * row["closed_volume"]]),
    )  # fmt: skip
    digits = population.currency_digits[[row["account"]]]
    profit = to_account(raw, np.array([row["rate"]]), symbols.profit_digits[symbol], digits)
    deal_day = int(row["server_ms"] // DAY_MS)
    changed = at(deal_day + 1, 10, 42) if changed_ms is None else changed_ms
    edited = replace_values(
        deals,
        row["deal"],
        price=price,
        raw=int(raw[0]),
        profit=int(profit[0]),
        modify_flags=modify_flags,
        changed_ms=changed,
    )
    return edited, Restatement(
        row["account"], deal_day, "closed_pnl", row["profit"] - int(profit[0]), "source_restatement"
    )


def replace_values(deals: pl.DataFrame, deal: int, **values: int) -> pl.DataFrame:
    """The frame with some values of one deal replaced."""
    return deals.with_columns(
        pl.when(pl.col("deal") == deal).then(pl.lit(value, pl.Int64)).otherwise(pl.col(name))
        .alias(name)
        for name, value in values.items()
    )  # fmt: skip


def next_trading_day(day: int) -> int:
    """The first weekday after a day."""
    following = np.arange(day + 1, day + 4, dtype=np.int64)
    return int(following[~is_weekend(following)][0])
