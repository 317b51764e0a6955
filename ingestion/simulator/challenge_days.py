"""A prop challenge played day by day: what a plan demands, and what an account made of it.

Plain steps in the order of time; the warehouse comes to the same figures by windows over sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ingestion.simulator.challenge_tracks import Track
from ingestion.simulator.clock import day_of
from ingestion.simulator.market import main_currency
from ingestion.simulator.world import World

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Plan:
    """What a phase of a plan demands; rates are parts of 1."""

    plan_id: str
    phase: int
    name: str
    profit_target_rate: Decimal | None = None
    daily_loss_rate: Decimal | None = None
    daily_loss_basis: str = ""
    total_loss_rate: Decimal | None = None
    total_loss_basis: str = ""
    minimum_trading_days: int = 0
    profit_split_rate: Decimal | None = None
    scaling_months: int | None = None
    scaling_profit_rate: Decimal | None = None
    scaling_step_rate: Decimal | None = None
    scaling_cap_amount: Decimal | None = None


@dataclass(frozen=True)
class Challenge:
    """A trader in a phase, on an account; days since 1970, half open."""

    challenge_id: str
    account: int
    plan: Plan
    initial: Decimal
    first: int
    until: int | None = None


@dataclass(frozen=True)
class Day:
    """A day of a challenge, as it was after its close."""

    day: int
    opening_balance: Decimal
    opening_equity: Decimal
    daily_floor: Decimal | None
    total_floor: Decimal | None
    closing_balance: Decimal
    equity: Decimal
    lowest: Decimal
    profit: Decimal
    trading_days: int
    state: str
    failed_by: str = ""


@dataclass
class Payout:
    """A month of a funded account."""

    month: date
    last: int
    state: str
    profit: Decimal
    payable: Decimal = _NOTHING
    trader: Decimal = _NOTHING


@dataclass
class Played:
    """A challenge from its first day to the one that decided it."""

    challenge: Challenge
    days: list[Day] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    allocated: Decimal = _NOTHING

    def state(self, window_last: int) -> str:
        """How it stands after the window."""
        if not self.days:
            return "active"
        last = self.days[-1]
        until = self.challenge.until
        if last.state == "active" and until is not None and next_weekday(window_last) >= until:
            return "ended"
        return last.state


def next_weekday(day: int) -> int:
    """The first day after it that is no Saturday or Sunday; days since 1970."""
    following = day + 1
    while day_of(following).weekday() > 4:
        following += 1
    return following


def play(challenge: Challenge, track: Track, window_first: int, window_last: int) -> Played:
    """Go through the days that the server closed, until one decides."""
    plan, initial = challenge.plan, challenge.initial
    balance = highest = initial
    profit = _NOTHING
    traded = 0
    played = Played(challenge, allocated=initial)
    book = _Payouts(challenge, played)
    scale = _Reviews(challenge, played)
    for day, following in _calendar(challenge, window_first, window_last):
        taken = book.taken()
        balance -= taken
        highest -= taken
        index = day - window_first
        floated = track.floating[index - 1] if index else _NOTHING
        opening, equity_before = balance, balance + floated
        daily, total = _floors(plan, initial, opening, equity_before, highest)
        balance += track.result[index]
        profit += track.result[index]
        equity = balance + track.floating[index]
        lowest = min(equity_before, equity)
        low = track.lowest[index]
        if low is not None:
            lowest = min(lowest, opening + low + max(floated, _NOTHING))
        traded += track.opened[index]
        highest = max(highest, balance)
        state, failed_by = "active", ""
        broken = [
            (floor, name)
            for floor, name in ((total, "total_loss"), (daily, "daily_loss"))
            if floor is not None and lowest < floor
        ]
        if broken:
            # of equal ones the daily one, which is the later of the two
            state, failed_by = "failed", max(reversed(broken), key=lambda item: item[0])[1]
        elif (
            plan.profit_target_rate is not None
            and min(balance, equity) - initial >= initial * plan.profit_target_rate
            and traded >= plan.minimum_trading_days
        ):
            state = "passed"
        played.days.append(
            Day(day, opening, equity_before, daily, total, balance, equity, lowest, profit,
                traded, state, failed_by)
        )  # fmt: skip
        book.close(day, following, balance, state)
        scale.close(day, following, profit, state)
        if state != "active":
            break
    return played


def _calendar(challenge: Challenge, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Days of the challenge that the server closed, each with the close after it."""
    until = last if challenge.until is None else min(last, challenge.until - 1)
    for day in range(max(first, challenge.first), until + 1):
        yield day, day + 1 if day < last else next_weekday(day)


def _floors(
    plan: Plan, initial: Decimal, balance: Decimal, equity: Decimal, highest: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    daily = total = None
    if plan.daily_loss_rate is not None:
        start = {
            "initial_balance": balance,
            "day_start_balance": balance,
            "day_start_equity": equity,
            "day_start_higher": max(balance, equity),
        }[plan.daily_loss_basis]
        part_of = initial if plan.daily_loss_basis == "initial_balance" else start
        daily = start - part_of * plan.daily_loss_rate
    if plan.total_loss_rate is not None:
        room = initial * plan.total_loss_rate
        total = {
            "initial_balance": initial - room,
            "highest_balance": highest - room,
            "highest_balance_locked": min(initial, highest - room),
        }[plan.total_loss_basis]
    return daily, total


class _Payouts:
    """What lies above the initial balance at a month's end leaves with the next day."""

    def __init__(self, challenge: Challenge, played: Played) -> None:
        self._challenge, self._played = challenge, played
        self._due = _NOTHING

    def taken(self) -> Decimal:
        """What leaves before the next day opens."""
        taken, self._due = self._due, _NOTHING
        return taken

    def close(self, day: int, following: int, balance: Decimal, state: str) -> None:
        rate = self._challenge.plan.profit_split_rate
        if rate is None:
            return
        month = day_of(day).replace(day=1)
        is_over = day_of(following).replace(day=1) > month
        profit = max(balance - self._challenge.initial, _NOTHING)
        if not self._played.payouts or self._played.payouts[-1].month != month:
            self._played.payouts.append(Payout(month, day, "running", profit))
        payout = self._played.payouts[-1]
        payout.last, payout.profit = day, profit
        until = self._challenge.until
        if state == "failed":
            payout.state = "forfeited"
        elif is_over or (until is not None and following >= until):
            payout.state = "due"
            payout.payable = profit
            payout.trader = profit * rate
        if is_over:
            self._due = profit


class _Reviews:
    """Each period of whole months in which the profit was made adds a step."""

    def __init__(self, challenge: Challenge, played: Played) -> None:
        self._challenge, self._played = challenge, played
        self._begun = day_of(challenge.first)
        self._profit = _NOTHING
        self._steps = 0

    def close(self, day: int, following: int, profit: Decimal, state: str) -> None:
        plan, initial = self._challenge.plan, self._challenge.initial
        if plan.scaling_months is None or state == "failed":
            return
        assert plan.scaling_profit_rate is not None
        assert plan.scaling_step_rate is not None
        if self._period(following) == self._period(day):
            return
        self._steps += profit - self._profit >= initial * plan.scaling_profit_rate
        self._profit = profit
        raised = initial + initial * plan.scaling_step_rate * self._steps
        if plan.scaling_cap_amount is not None:
            raised = max(initial, min(raised, plan.scaling_cap_amount))
        self._played.allocated = raised

    def _period(self, day: int) -> int:
        then, months = day_of(day), self._challenge.plan.scaling_months
        assert months is not None
        whole = (then.year - self._begun.year) * 12 + then.month - self._begun.month
        return (whole - (then.day < self._begun.day)) // months


def paid(amount: Decimal, world: World, account: int) -> Decimal:
    """An amount of the account's unit as money that is paid: of its main currency, rounded."""
    currency = world.population.currency[account]
    digits = 0 if main_currency(currency) == "JPY" else 2
    exact = amount / int(world.population.cents[account])
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
