"""What an account did by day, as a prop challenge looks at it: results, lows, what floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray
from ingestion.simulator.days import AccountDays
from ingestion.simulator.world import World

CASH = ("deposits", "withdrawals", "internal_transfers", "bonus", "stop_out_compensation")
_CASH_ACTIONS = (2, 6, 19)
_NO_MONEY_ACTIONS = (3, 13, 14, 20)


@dataclass(frozen=True)
class Track:
    """What an account did, by day of the window; money in its own unit."""

    result: tuple[Decimal, ...]
    lowest: tuple[Decimal | None, ...]
    """Lowest sum of the day's results after a deal; None without one."""
    opened: tuple[bool, ...]
    floating: tuple[Decimal, ...]


def tracks(world: World, days: AccountDays, accounts: Sequence[int]) -> dict[int, Track]:
    """What some accounts did, by day of the window."""
    population, window = world.population, world.window
    result = sum(
        (values for name, values in days.components.items() if name not in CASH),
        np.zeros_like(days.floating),
    )
    floating = days.floating + days.floating_swap
    lows = _lows(world, accounts)
    opened = np.zeros(floating.shape, dtype=bool)
    opening = world.deals.filter((pl.col("action") <= 1) & pl.col("entry").is_in([0, 2]))
    opened[
        opening["account"].to_numpy(), opening["server_ms"].to_numpy() // DAY_MS - window.first
    ] = True
    made = {}
    for account in accounts:
        digits = int(population.currency_digits[account])
        made[account] = Track(
            _money(result[account], digits),
            tuple(
                Decimal(low).scaleb(-digits) if low is not None else None
                for low in (lows.get((account, day)) for day in range(window.days))
            ),
            tuple(bool(value) for value in opened[account]),
            _money(floating[account], digits),
        )
    return made


def _money(minor: IntArray, digits: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(int(value)).scaleb(-digits) for value in minor)


def _lows(world: World, accounts: Sequence[int]) -> dict[tuple[int, int], int]:
    """Lowest running result in minor units, by account and day of the window that has a deal."""
    deals = world.deals.filter(pl.col("account").is_in(list(accounts))).sort("server_ms", "deal")
    action, profit = deals["action"].to_numpy(), deals["profit"].to_numpy()
    counts: npt.NDArray[np.bool_] = ~np.isin(action, (*_CASH_ACTIONS, *_NO_MONEY_ACTIONS))
    beside = sum((deals[name].to_numpy() for name in ("storage", "commission", "fee")), np.int64(0))
    running = deals.select(
        "account",
        day=pl.col("server_ms") // DAY_MS - world.window.first,
        moved=pl.Series(np.where(counts, profit, 0) + beside),
    ).with_columns(running=pl.col("moved").cum_sum().over("account", "day"))
    lowest = running.group_by("account", "day").agg(pl.col("running").min())
    return {(account, day): low for account, day, low in lowest.iter_rows()}
