"""Prop challenges on accounts that trade anyway: plans fitted so that every rule has its case.

The limits of a plan are parts of what its account did, so the cases are there for any seed, as far
as its accounts made a profit at all. No deal is added, and no random number is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from ingestion.simulator.challenge_days import Challenge, Plan, play
from ingestion.simulator.challenge_tracks import Track, tracks
from ingestion.simulator.clock import DAY_MS, day_of
from ingestion.simulator.crm import write_csv
from ingestion.simulator.days import AccountDays
from ingestion.simulator.market import TENANT
from ingestion.simulator.population import client_id
from ingestion.simulator.world import World

# Accounts looked at: enough to find the cases, few enough for a broker with thousands.
_CANDIDATES = 24
_RATE_STEP = Decimal("0.0001")
_WIDE = Decimal("0.9")
_SPLIT = Decimal("0.8")


@dataclass(frozen=True)
class _Candidate:
    """An account, and what it would come to in a challenge without limits."""

    account: int
    first: int
    initial: Decimal
    best_close: Decimal
    """Highest profit at a close, open losses taken off."""
    worst_day: Decimal
    worst_total: Decimal
    payouts: Decimal
    """What the months of a funded account would pay."""
    track: Track


def challenge_cases(world: World) -> list[Challenge]:
    """The challenges of the main tenant; none of others.

    They are those of the broker before its past was corrected: a CRM does not follow that.
    """
    if world.tenant != TENANT:
        return []
    if world.hedged is not None:
        world = replace(world, deals=world.hedged, hedged=None)
    days = world.account_days()
    left = _candidates(world, days)
    made: list[Challenge] = []

    def case(best: Callable[[_Candidate], Decimal], fit: Callable[..., list[Challenge]]) -> None:
        if left:
            chosen = max(left, key=lambda one: (best(one) / one.initial, -one.account))
            left.remove(chosen)
            number = len({one.challenge_id for one in made}) + 1
            made.extend(fit(world, chosen, f"CH{number:03d}"))

    case(lambda one: one.payouts, _funded)
    case(lambda one: one.best_close, _two_steps)
    case(lambda one: one.worst_total, _total_loss)
    case(lambda one: one.worst_day, _daily_loss)
    case(lambda one: one.worst_day, _higher_of_both)
    case(lambda one: one.worst_total, _trailing)
    return made


def _candidates(world: World, days: AccountDays) -> list[_Candidate]:
    population, window = world.population, world.window
    excluded = population.is_excluded()
    known = [
        account
        for account in range(population.size)
        if population.client[account] >= 0
        and not excluded[account]
        and days.deal_count[account].any()
    ][:_CANDIDATES]
    found = []
    for account, track in tracks(world, days, known).items():
        if not any(track.opened):
            continue
        first = max(int(population.registered_ms[account]) // DAY_MS, window.first)
        found.append(_candidate(world, account, first, track))
    return found


def _initial(track: Track) -> Decimal:
    """A round balance that the account cannot lose half of."""
    deepest = running = Decimal(0)
    for result, low, floating in zip(track.result, track.lowest, track.floating, strict=True):
        deepest = max(deepest, abs(running + (low or 0)))
        running += result
        deepest = max(deepest, abs(running), abs(running + floating), abs(floating))
    size = Decimal(1000)
    steps = (Decimal(2), Decimal("2.5"), Decimal(2))
    while size < 4 * deepest:
        size *= steps[0]
        steps = (*steps[1:], steps[0])
    return size


def _candidate(world: World, account: int, first: int, track: Track) -> _Candidate:
    window, initial = world.window, _initial(track)
    free = Challenge("", account, Plan("", 1, ""), initial, first)
    days = play(free, track, window.first, window.last).days
    funded = replace(free, plan=Plan("", 1, "", profit_split_rate=_SPLIT))
    paid = play(funded, track, window.first, window.last).payouts
    return _Candidate(
        account,
        first,
        initial,
        max(min(day.closing_balance, day.equity) for day in days) - initial,
        max(day.opening_balance - day.lowest for day in days),
        initial - min(day.lowest for day in days),
        sum((payout.payable for payout in paid), Decimal(0)),
        track,
    )


def _part(amount: Decimal, one: _Candidate) -> Decimal | None:
    """Half of an amount as a part of the initial balance; None where that is nothing."""
    rate = (amount / 2 / one.initial).quantize(_RATE_STEP, rounding=ROUND_DOWN)
    return rate if rate > 0 else None


def _funded(world: World, one: _Candidate, number: str) -> list[Challenge]:
    """Funded at once: pays each month, is reviewed each month."""
    plan = Plan(
        "instant", 1, "Instant funding", None, _WIDE, "day_start_balance", _WIDE,
        "highest_balance_locked", profit_split_rate=_SPLIT, scaling_months=1,
        scaling_profit_rate=_part(one.best_close / 2, one) or _RATE_STEP,
        scaling_step_rate=Decimal("0.25"), scaling_cap_amount=2 * one.initial,
    )  # fmt: skip
    return [Challenge(number, one.account, plan, one.initial, one.first)]


def _two_steps(world: World, one: _Candidate, number: str) -> list[Challenge]:
    """Passed, and handed over to the funded phase on the next day."""
    target = _part(one.best_close, one) or Decimal("0.1")
    first = Plan("two_step", 1, "Two steps, evaluation", target, _WIDE, "day_start_balance",
                 _WIDE, "initial_balance", minimum_trading_days=1)  # fmt: skip
    second = Plan("two_step", 2, "Two steps, funded", None, _WIDE, "day_start_balance", _WIDE,
                  "initial_balance", profit_split_rate=_SPLIT)  # fmt: skip
    begun = Challenge(number, one.account, first, one.initial, one.first)
    played = play(begun, one.track, world.window.first, world.window.last)
    decided = played.days[-1]
    if decided.state != "passed" or decided.day == world.window.last:
        return [begun]
    handed = decided.day + 1
    return [
        replace(begun, until=handed),
        Challenge(number, one.account, second, one.initial, handed),
    ]


def _total_loss(world: World, one: _Candidate, number: str) -> list[Challenge]:
    plan = Plan("static", 1, "Static loss", Decimal("0.5"), _WIDE, "day_start_equity",
                _part(one.worst_total, one) or _RATE_STEP, "initial_balance",
                minimum_trading_days=4)  # fmt: skip
    return [Challenge(number, one.account, plan, one.initial, one.first)]


def _daily_loss(world: World, one: _Candidate, number: str) -> list[Challenge]:
    plan = Plan("strict", 1, "Strict day", Decimal("0.5"),
                _part(one.worst_day, one) or _RATE_STEP, "initial_balance", _WIDE,
                "initial_balance", minimum_trading_days=4)  # fmt: skip
    return [Challenge(number, one.account, plan, one.initial, one.first)]


def _higher_of_both(world: World, one: _Candidate, number: str) -> list[Challenge]:
    plan = Plan("higher", 1, "Higher of both", Decimal("0.5"), _WIDE, "day_start_higher",
                minimum_trading_days=10)  # fmt: skip
    return [Challenge(number, one.account, plan, one.initial, one.first)]


def _trailing(world: World, one: _Candidate, number: str) -> list[Challenge]:
    plan = Plan("trailing", 1, "Trailing loss", Decimal("0.5"), None, "",
                _part(one.worst_total, one) or _RATE_STEP, "highest_balance")  # fmt: skip
    return [Challenge(number, one.account, plan, one.initial, one.first)]


def plans(challenges: Sequence[Challenge]) -> list[Plan]:
    """The phases of every plan that a challenge follows."""
    known = {(one.plan.plan_id, one.plan.phase): one.plan for one in challenges}
    return [known[key] for key in sorted(known)]


def write_challenges(world: World, folder: Path) -> dict[str, int]:
    """The CRM's two tables about challenges; gives rows per table."""
    cases = challenge_cases(world)
    population = world.population
    return {
        "challenge_phases": write_csv(
            folder / "challenge_phases.csv",
            ("plan_id", "phase", "valid_from", "name", "profit_target_rate", "daily_loss_rate",
             "daily_loss_basis", "total_loss_rate", "total_loss_basis", "minimum_trading_days",
             "profit_split_rate", "scaling_months", "scaling_profit_rate", "scaling_step_rate",
             "scaling_cap_amount"),
            (
                (
                    plan.plan_id, plan.phase, day_of(world.window.first), plan.name,
                    plan.profit_target_rate, plan.daily_loss_rate, plan.daily_loss_basis,
                    plan.total_loss_rate, plan.total_loss_basis, plan.minimum_trading_days,
                    plan.profit_split_rate, plan.scaling_months, plan.scaling_profit_rate,
                    plan.scaling_step_rate, plan.scaling_cap_amount,
                )
                for plan in plans(cases)
            ),
        ),
        "challenges": write_csv(
            folder / "challenges.csv",
            ("challenge_id", "phase", "client_id", "plan_id", "server_id", "login",
             "initial_balance_amount", "valid_from", "valid_to"),
            (
                (
                    one.challenge_id, one.plan.phase,
                    client_id(int(population.client[one.account])), one.plan.plan_id,
                    world.server_id, population.login[one.account], one.initial,
                    day_of(one.first), None if one.until is None else day_of(one.until),
                )
                for one in cases
            ),
        ),
    }  # fmt: skip
