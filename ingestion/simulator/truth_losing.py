"""The truth about losing retail accounts over twelve-month windows (ESMA loss percentage)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.simulator.clock import DAY_MS, Window, day_of, epoch_day
from ingestion.simulator.crm import classification_on, classifications
from ingestion.simulator.days import AccountDays
from ingestion.simulator.exact_money import UsdRates
from ingestion.simulator.market import TENANT
from ingestion.simulator.truth_platforms import owned_accounts
from ingestion.simulator.world import World


def _windows(last: date) -> list[tuple[date, date]]:
    """Twelve months to the last day, to its month's end, and to the end of the month before."""
    month_end = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    previous_end = last.replace(day=1) - timedelta(days=1)
    windows = []
    for end in dict.fromkeys((last, month_end, previous_end)):
        following = end + timedelta(days=1)
        windows.append((following.replace(year=following.year - 1), end))
    return windows


def losing_accounts_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """Retail accounts with an open CFD in the window, and those whose net result is below zero."""
    population, window = world.population, world.window
    usd = UsdRates(population, world.rates, window)
    excluded = population.is_excluded()
    classes = classifications(population, window)
    traded = _traded_days(world)
    others = owned_accounts(world) if world.tenant == TENANT else []
    rows = []
    for start, end in _windows(day_of(window.last)):
        first = max(epoch_day(start), window.first) - window.first
        last = min(epoch_day(end), window.last) - window.first
        retail = losing = 0
        for account in range(population.size):
            client = int(population.client[account])
            if excluded[account] or client < 0 or last < first:
                continue
            if classification_on(classes, client, end) != "retail":
                continue
            span = slice(first, last + 1)
            if not (traded[account, span].any() or days.open_positions[account, span].any()):
                continue
            retail += 1
            losing += _net_sign(usd, days, account, first, last, window) < 0
        for one in others:
            is_retail = classification_on(classes, one.client, end) == "retail"
            if is_retail and last >= first and one.has_cfd[first : last + 1].any():
                retail += 1
                losing += one.net_sign(first, last) < 0
        rows.append((world.tenant, start, end, retail, losing))
    return pl.DataFrame(
        rows,
        schema={"tenant_id": pl.String, "window_from": pl.Date, "window_to": pl.Date,
                "retail_accounts": pl.Int64, "losing_accounts": pl.Int64},
        orient="row",
    )  # fmt: skip


def _net_sign(
    usd: UsdRates, days: AccountDays, account: int, first: int, last: int, window: Window
) -> int:
    """Sign of what was realised in the window plus the change of unrealised over it, in USD."""
    index = np.arange(first, last + 1)
    realised = sum(
        (
            days.components[name][account, index]
            for name in ("closed_pnl", "swap", "commission", "fees", "charges")
        ),
        np.zeros(len(index), dtype=np.int64),
    )
    who = np.full(len(index), account)
    unrealised = days.floating[account] + days.floating_swap[account]
    gained = np.zeros(len(index), dtype=np.int64)
    gained[-1] = unrealised[last]
    given_up = np.zeros(len(index), dtype=np.int64)
    given_up[0] = unrealised[first - 1] if first > 0 else 0
    net = usd.of(realised + gained, who, index + window.first)
    net = net - usd.of(given_up, who, index + window.first - 1)
    return net.sign_of_sum()


def _traded_days(world: World) -> npt.NDArray[np.bool_]:
    window = world.window
    traded = np.zeros((world.population.size, window.days), dtype=bool)
    deals = world.deals.filter(pl.col("action") <= 1)
    day = deals["server_ms"].to_numpy() // DAY_MS - window.first
    traded[deals["account"].to_numpy(), day] = True
    return traded
