"""The truth about prop challenges: each day with its floors, each phase's state, what it pays."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from ingestion.simulator.challenge_days import Challenge, Played, paid, play
from ingestion.simulator.challenge_tracks import tracks
from ingestion.simulator.challenges import challenge_cases
from ingestion.simulator.clock import day_of
from ingestion.simulator.days import AccountDays
from ingestion.simulator.world import World

_MONEY = pl.Decimal(38, 8)
_KEY = {"tenant_id": pl.String, "challenge_phase_key": pl.String}
_UNIT = Decimal("0.00000001")


def _exact(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_UNIT, rounding=ROUND_HALF_UP)


def _played(world: World, days: AccountDays) -> list[Played]:
    cases = challenge_cases(world)
    held = tracks(world, days, sorted({one.account for one in cases}))
    return [play(one, held[one.account], world.window.first, world.window.last) for one in cases]


def _key(world: World, one: Challenge) -> str:
    return f"{world.tenant}/{one.challenge_id}/{one.plan.phase}"


def challenge_days_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """One row per phase and day, up to the one that decided it."""
    amounts = ("opening_balance", "opening_equity", "daily_floor", "total_floor",
               "closing_balance", "equity", "lowest", "profit")  # fmt: skip
    rows = [
        (
            world.tenant, _key(world, played.challenge), day_of(day.day), day.state, day.failed_by,
            day.trading_days, *(_exact(getattr(day, name)) for name in amounts),
        )
        for played in _played(world, days)
        for day in played.days
    ]  # fmt: skip
    return pl.DataFrame(
        rows,
        schema=_KEY | {"business_date": pl.Date, "state": pl.String,
                "failed_by": pl.String, "trading_days": pl.Int64}
        | dict.fromkeys(amounts, _MONEY),
        orient="row",
    )  # fmt: skip


def challenges_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """One row per phase: how it stands and what it came to."""
    rows = []
    for played in _played(world, days):
        last = played.days[-1] if played.days else None
        decided = last if last is not None and last.state != "active" else None
        account = played.challenge.account
        payable = [paid(row.payable, world, account) for row in played.payouts]
        trader = [paid(row.trader, world, account) for row in played.payouts]
        rows.append(
            (
                world.tenant, _key(world, played.challenge), played.state(world.window.last),
                day_of(decided.day) if decided else None, last.failed_by if last else "",
                last.trading_days if last else 0, _exact(last.profit if last else Decimal(0)),
                _exact(sum(payable, Decimal(0))), _exact(sum(trader, Decimal(0))),
                _exact(played.allocated),
            )
        )  # fmt: skip
    return pl.DataFrame(
        rows,
        schema=_KEY | {"state": pl.String, "decided_date": pl.Date,
                "failed_by": pl.String, "trading_days": pl.Int64}
        | dict.fromkeys(("profit", "payable", "trader", "allocated"), _MONEY),
        orient="row",
    )  # fmt: skip


def challenge_payouts_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """One row per funded phase and month: the profit and its parts, in the main currency."""
    rows = []
    for played in _played(world, days):
        account = played.challenge.account
        cents = int(world.population.cents[account])
        for row in played.payouts:
            payable, trader = paid(row.payable, world, account), paid(row.trader, world, account)
            rows.append(
                (
                    world.tenant, _key(world, played.challenge), row.month, row.state,
                    _exact(row.profit / cents), _exact(payable), _exact(trader),
                    _exact(payable - trader),
                )
            )  # fmt: skip
    return pl.DataFrame(
        rows,
        schema={
            "tenant_id": pl.String,
            "challenge_phase_key": pl.String,
            "payout_month": pl.Date,
            "state": pl.String,
        }
        | dict.fromkeys(("profit", "payable", "trader", "house"), _MONEY),
        orient="row",
    )
