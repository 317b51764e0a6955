"""The truth about accounts: roll-forward by day, statements by month, and the planted breaks."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import IntArray, day_of
from ingestion.simulator.days import COMPONENTS, AccountDays, opening
from ingestion.simulator.exact_money import exact
from ingestion.simulator.world import World


def calendar(days: IntArray) -> pl.Series:
    """Epoch days as dates."""
    return pl.Series(days, dtype=pl.Int32).cast(pl.Date)


def account_days_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """One row per login and day on which anything moved or a position was open."""
    account, day = np.nonzero(days.has_row)
    digits = world.population.currency_digits[account]
    closing, credit = days.closing, days.closing_credit
    equity = closing + credit + days.floating + days.floating_swap

    def pick(values: IntArray) -> pl.Series:
        return exact(values[account, day], digits)

    columns: dict[str, object] = {
        "server_id": [world.server_id] * len(account),
        "login": world.population.login[account],
        "business_date": calendar(day + world.window.first),
        "opening_balance": pick(opening(closing)),
        "closing_balance": pick(closing),
        "closing_credit": pick(credit),
        "floating_pnl": pick(days.floating),
        "floating_swap": pick(days.floating_swap),
        "equity": pick(equity),
    }
    columns |= {name: pick(days.components[name]) for name in COMPONENTS}
    return pl.DataFrame(columns).sort("login", "business_date")


def breaks_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """Every difference between books and platform: amount = books minus platform, first day."""
    population, window = world.population, world.window
    rows: list[tuple[int, int, str, int]] = [
        (item.account, item.day, item.break_type, -item.known_delta) for item in world.restatements
    ]
    for account, kind in (
        (population.manager, "excluded_group"), (population.orphan, "orphan_login"),
    ):  # fmt: skip
        closing = days.closing[account]
        first = int(np.flatnonzero(closing)[0])
        rows.append((account, window.first + first, kind, int(closing[first])))
    account_of = np.array([row[0] for row in rows], dtype=np.int64)
    return pl.DataFrame(
        {
            "server_id": [world.server_id] * len(rows),
            "login": population.login[account_of],
            "business_date": calendar(np.array([row[1] for row in rows])),
            "kind": ["balance"] * len(rows),
            "break_type": [row[2] for row in rows],
            "amount": exact(
                np.array([row[3] for row in rows], dtype=np.int64),
                population.currency_digits[account_of],
            ),
        }
    ).sort("login", "business_date", "break_type")


def statements_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """Monthly statement figures of every known account outside excluded groups."""
    population, window = world.population, world.window
    excluded = np.array(population.is_excluded())
    month = np.array([f"{day_of(day):%Y-%m}" for day in range(window.first, window.last + 1)])
    closing = days.closing
    equity = closing + days.closing_credit + days.floating + days.floating_swap
    before = opening(closing)
    frames: list[pl.DataFrame] = []
    registered = population.registered_ms // 86_400_000 - window.first
    for period in np.unique(month):
        columns = np.flatnonzero(month == period)
        known = ~excluded & (registered <= columns[-1])
        known[population.orphan] = False
        rows = np.flatnonzero(known)
        digits = population.currency_digits[rows]

        def summed(
            name: str, rows: IntArray = rows, columns: IntArray = columns, digits: IntArray = digits
        ) -> pl.Series:
            cells = days.components[name][np.ix_(rows, columns)]
            return exact(cells.sum(axis=1), digits)

        frames.append(
            pl.DataFrame(
                {
                    "server_id": [world.server_id] * len(rows),
                    "login": population.login[rows],
                    "period": [str(period)] * len(rows),
                    "opening_balance": exact(before[rows, columns[0]], digits),
                    "closing_balance": exact(closing[rows, columns[-1]], digits),
                    **{
                        name: summed(name)
                        for name in ("closed_pnl", "swap", "commission", "deposits", "withdrawals")
                    },
                    "closing_equity": exact(equity[rows, columns[-1]], digits),
                }
            )
        )
    return pl.concat(frames).sort("login", "period")
