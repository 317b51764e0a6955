"""What the statement of a prop challenge is made of, as the marts hold it: exact, unrounded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.statements.client_records import Account, Fingerprinted

_ZERO = Decimal(0)


@dataclass(frozen=True)
class PhaseRules:
    """A phase of a challenge and the terms it began under; rates are parts of 1."""

    challenge_phase_key: str
    challenge_key: str
    phase: int
    plan_name: str
    account_key: str
    client_key: str
    valid_from: dt.date
    valid_to: dt.date | None
    initial_balance: Decimal
    profit_target_rate: Decimal | None
    daily_loss_rate: Decimal | None
    daily_loss_basis: str | None
    total_loss_rate: Decimal | None
    total_loss_basis: str | None
    minimum_trading_days: int | None
    maximum_days: int | None
    profit_split_rate: Decimal | None
    scaling_months: int | None
    scaling_profit_rate: Decimal | None
    scaling_step_rate: Decimal | None
    scaling_cap: Decimal | None


@dataclass(frozen=True)
class ChallengeDay:
    """A day of the period, in the account's unit."""

    challenge_phase_key: str
    business_date: dt.date
    next_date: dt.date
    paid_out: Decimal
    opening_balance: Decimal
    opening_equity: Decimal
    daily_floor: Decimal | None
    total_floor: Decimal | None
    result: Decimal
    closing_balance: Decimal
    floating: Decimal
    equity: Decimal
    lowest: Decimal
    profit: Decimal
    trading_days: int
    state: str
    failed_by: str | None


@dataclass(frozen=True)
class ChallengePayout:
    """A month of a funded account that was over by the end of the period; in main currency."""

    challenge_phase_key: str
    month: dt.date
    last_date: dt.date
    state: str
    currency: str
    profit: Decimal
    split_rate: Decimal
    payable: Decimal
    trader: Decimal
    house: Decimal


@dataclass(frozen=True)
class ChallengeReview:
    """A review held by the end of the period, in the account's unit."""

    challenge_phase_key: str
    number: int
    last_date: dt.date
    profit: Decimal
    required: Decimal
    is_passed: bool
    allocated: Decimal


@dataclass(frozen=True)
class PhaseRecords:
    """One phase: its rules, and what the period holds of it."""

    rules: PhaseRules
    account: Account
    days: tuple[ChallengeDay, ...]
    payouts: tuple[ChallengePayout, ...]
    reviews: tuple[ChallengeReview, ...]
    booked_result: Decimal
    """What the account's own days say that these days brought."""

    @property
    def state(self) -> str:
        """active, passed, failed, or ended: at the end of the last day shown."""
        last, until = self.days[-1], self.rules.valid_to
        if last.state == "active" and until is not None and last.next_date >= until:
            return "ended"
        return last.state


@dataclass(frozen=True)
class ChallengeRecords(Fingerprinted):
    """Everything that the statement of a challenge shows."""

    subject_key: str
    name: str
    accounts: tuple[Account, ...]
    phases: tuple[PhaseRecords, ...]


def check_challenge(records: ChallengeRecords) -> None:
    """Prove that the days follow one another, are the account's, and decide what they say.

    Raises:
        FiguresDisagreeError: they do not.
    """
    for phase in records.phases:
        key = phase.rules.challenge_phase_key
        for day in phase.days:
            _same(
                day.opening_balance + day.result + day.floating,
                day.equity,
                f"the equity of {day.business_date}",
                key,
            )
            _check_verdict(day, key)
        for before, day in zip(phase.days, phase.days[1:], strict=False):
            _same(
                before.closing_balance + before.paid_out - day.paid_out,
                day.opening_balance,
                f"the opening balance of {day.business_date}",
                key,
            )
            _same(before.profit + day.result, day.profit, f"the profit of {day.business_date}", key)
            if before.state != "active":
                raise _disagreement(
                    f"{day.business_date} follows {before.business_date}, which decided the phase.",
                    key,
                )
        _same(
            sum((day.result for day in phase.days), _ZERO),
            phase.booked_result,
            "the result of its days",
            key,
        )
        for payout in phase.payouts:
            _same(
                payout.trader + payout.house, payout.payable, f"the payout of {payout.month}", key
            )


def _check_verdict(day: ChallengeDay, key: str) -> None:
    floors = [floor for floor in (day.daily_floor, day.total_floor) if floor is not None]
    is_broken = any(day.lowest < floor for floor in floors)
    if is_broken != (day.failed_by in ("daily_loss", "total_loss")):
        raise _disagreement(
            f"On {day.business_date} the lowest amount is {day.lowest}, the floors are "
            f"{', '.join(map(str, floors))}, and the day says {day.failed_by or day.state}.",
            key,
        )


def _same(found: Decimal, stated: Decimal, what: str, key: str) -> None:
    if found != stated:
        raise _disagreement(f"By its parts {what} is {found}, the books say {stated}.", key)


def _disagreement(what: str, key: str) -> FiguresDisagreeError:
    return FiguresDisagreeError(
        what,
        where=f"challenge {key}",
        todo="run `daybook check`, rebuild the account's days, and close them again",
    )
