"""PAMM and copy trading: two strategies, who follows them, and the fees that the platform posts.

The fees of a month are taken from the investor's account on the first trading day of the next one,
and credited to the manager's, by the platform's own reckoning: whole minor units, day by day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl

from ingestion.simulator.cash import CHARGE, CashOperation, at
from ingestion.simulator.clock import DAY_MS, IntArray, Window, day_of, epoch_day, is_weekend
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency
from ingestion.simulator.population import FIRST_ORDINARY, Population, client_id
from ingestion.simulator.rates import RATE_SCALE, EcbRates
from ingestion.simulator.settlement import OpenAtClose

MANAGEMENT, PERFORMANCE, SUBSCRIPTION = "management", "performance", "subscription"
DAYS_OF_A_YEAR = 365
_TITLES = {MANAGEMENT: "Management fee", PERFORMANCE: "Performance fee",
           SUBSCRIPTION: "Subscription"}  # fmt: skip
_OTHER_RESULTS = (12, 15, 17)
"""Interest, dividends and taxes."""
_PAMM, _COPY = "S1", "S2"
_MANAGERS = {_PAMM: FIRST_ORDINARY + 7, _COPY: FIRST_ORDINARY + 1}


@dataclass(frozen=True)
class Strategy:
    """What a strategy asks of its investors, half open in time."""

    strategy_id: str
    valid_from: date
    valid_to: date | None
    kind: str
    name: str
    manager_client_id: str
    server_id: str
    login: int
    management_rate: Decimal | None
    performance_rate: Decimal | None
    subscription_amount: Decimal | None
    subscription_currency: str | None
    management_pattern: str
    performance_pattern: str
    subscription_pattern: str

    def holds(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class Investment:
    """An account that follows a strategy, half open in time."""

    strategy_id: str
    account: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Fee:
    """A fee of one investment and month; money in minor units of the investor's account."""

    strategy_id: str
    account: int
    month: date
    month_to: date
    kind: str
    due: int
    is_final: bool
    days: int
    result: int
    mark_before: int
    mark_after: int

    @property
    def comment(self) -> str:
        """How the platform names it on the investor's account."""
        return f"{_TITLES[self.kind]} {self.month:%Y-%m} {self.strategy_id}"

    @property
    def posted_on(self) -> int:
        """Epoch day: the first trading day of the next month."""
        following = epoch_day((self.month + timedelta(days=32)).replace(day=1))
        days = np.arange(following, following + 3, dtype=np.int64)
        return int(days[~is_weekend(days)][0])


def strategies(population: Population, window: Window, server_id: str) -> list[Strategy]:
    """A PAMM strategy whose management fee falls in mid-window, and a copied one."""
    start = day_of(window.first) - timedelta(days=60)
    middle = day_of(window.trading_day_near(0.5))

    def strategy(
        number: str, valid_from: date, valid_to: date | None, kind: str, name: str,
        management: str | None, performance: str, subscription: str | None,
    ) -> Strategy:  # fmt: skip
        manager = _MANAGERS[number]
        patterns = {fee: f"{title} % {number}" for fee, title in _TITLES.items()}
        return Strategy(
            number, valid_from, valid_to, kind, name,
            client_id(int(population.client[manager])), server_id,
            int(population.login[manager]),
            Decimal(management) if management else None, Decimal(performance),
            Decimal(subscription) if subscription else None, "USD" if subscription else None,
            patterns[MANAGEMENT], patterns[PERFORMANCE], patterns[SUBSCRIPTION],
        )  # fmt: skip

    return [
        strategy(_PAMM, start, middle, "pamm", "Harbour Balanced", "0.02", "0.2", None),
        strategy(_PAMM, middle, None, "pamm", "Harbour Balanced", "0.015", "0.2", None),
        strategy(_COPY, start, None, "copy", "Swift Majors", None, "0.25", "25"),
    ]


def investments(window: Window) -> list[Investment]:
    """Four accounts whose clients partners brought; one begins late and leaves again."""
    o, first = FIRST_ORDINARY, day_of(window.first)
    return [
        Investment(_PAMM, o + 4, first + timedelta(days=3), None),
        Investment(_PAMM, o + 5, first + timedelta(days=10), None),
        Investment(_COPY, o + 6, first + timedelta(days=1), None),
        Investment(
            _COPY, o + 2, day_of(window.trading_day_near(0.25)),
            day_of(window.trading_day_near(0.7)),
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Days:
    """One account by day of the window, minor units."""

    equity: IntArray
    result: IntArray

    @classmethod
    def of(cls, account: int, deals: pl.DataFrame, held: OpenAtClose, window: Window) -> _Days:
        own = deals.filter(pl.col("account") == account)
        day = own["server_ms"].to_numpy() // DAY_MS - window.first
        action, profit = own["action"].to_numpy(), own["profit"].to_numpy()
        beside = sum(
            (own[name].to_numpy() for name in ("storage", "commission", "fee")),
            np.zeros(len(own), dtype=np.int64),
        )
        moved = np.zeros(window.days, dtype=np.int64)
        np.add.at(moved, day, profit + beside)
        result = np.zeros(window.days, dtype=np.int64)
        counts = (action <= 1) | np.isin(action, _OTHER_RESULTS)
        np.add.at(result, day, np.where(counts, profit, 0) + beside)
        at_close = held.account == account
        floating = np.zeros(window.days, dtype=np.int64)
        np.add.at(
            floating, held.day[at_close] - window.first, (held.profit + held.storage)[at_close]
        )
        return cls(
            equity=np.cumsum(moved) + floating,
            result=result + np.diff(floating, prepend=np.int64(0)),
        )


def _rounded(amount: Fraction) -> int:
    """Half away from zero."""
    whole = (2 * abs(amount.numerator) + amount.denominator) // (2 * amount.denominator)
    return -whole if amount < 0 else whole


def reckoned(
    deals: pl.DataFrame, held: OpenAtClose, population: Population, window: Window,
    rates: EcbRates, terms: list[Strategy], investment: Investment, *, posts: bool = False,
) -> Iterator[Fee]:  # fmt: skip
    """The fees of an investment, month by month.

    Args:
        deals: all deals of the broker; without the fees themselves where ``posts``.
        held: what was open at each close.
        population: the accounts.
        window: the simulated days.
        rates: of the subscription's currency.
        terms: versions of all strategies.
        investment: whose fees.
        posts: take each fee from the equity on the day it is posted.
    """
    account = investment.account
    days = _Days.of(account, deals, held, window)
    equity = days.equity.copy()
    terms = [one for one in terms if one.strategy_id == investment.strategy_id]
    first = investment.valid_from
    until = min(
        investment.valid_to or date.max, day_of(window.last) + timedelta(days=1)
    )  # the first day that does not count
    to_date, mark = 0, 0
    while first < until:
        month = first.replace(day=1)
        following = (month + timedelta(days=32)).replace(day=1)
        last = min(following, until) - timedelta(days=1)
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        cells = [epoch_day(day) - window.first for day in span]
        held_terms = [next((t for t in terms if t.holds(day)), None) for day in span]
        newest = next(term for term in reversed(held_terms) if term is not None)
        due: dict[str, int] = {}
        if any(term and term.management_rate is not None for term in held_terms):
            yearly = sum(
                (
                    Fraction(max(int(equity[cell]), 0)) * Fraction(term.management_rate or 0)
                    for cell, term in zip(cells, held_terms, strict=True)
                    if term
                ),
                Fraction(0),
            )
            due[MANAGEMENT] = _rounded(yearly / DAYS_OF_A_YEAR)
        if newest.subscription_amount is not None:
            due[SUBSCRIPTION] = _subscription(population, rates, newest, account, last)
        result = int(days.result[cells].sum())
        to_date += result - sum(due.values())
        if newest.performance_rate is not None:
            gain = max(to_date - mark, 0)
            due[PERFORMANCE] = _rounded(gain * Fraction(newest.performance_rate))
        is_final = last + timedelta(days=1) in (following, investment.valid_to)
        for kind, amount in due.items():
            fee = Fee(
                investment.strategy_id, account, month, last, kind, amount, is_final, len(span),
                result, mark, max(mark, to_date),
            )  # fmt: skip
            if posts and is_final and fee.posted_on <= window.last:
                equity[fee.posted_on - window.first :] -= amount
            yield fee
        mark = max(mark, to_date)
        first = following


def _subscription(
    population: Population, rates: EcbRates, terms: Strategy, account: int, day: date
) -> int:
    code = population.currency[account]
    assert terms.subscription_currency is not None
    assert terms.subscription_amount is not None
    cross = rates.scaled_cross(terms.subscription_currency, main_currency(code), epoch_day(day))
    units = Fraction(terms.subscription_amount) * Fraction(cross, RATE_SCALE)
    return _rounded(units * 10 ** CURRENCY_DIGITS[code] * int(population.cents[account]))


def fee_operations(
    deals: pl.DataFrame, held: OpenAtClose, population: Population, window: Window,
    rates: EcbRates, server_id: str,
) -> list[CashOperation]:  # fmt: skip
    """The charge on each investor's account, and right behind it the manager's credit."""
    terms = strategies(population, window, server_id)
    operations: list[CashOperation] = []
    for investment in investments(window):
        manager = _MANAGERS[investment.strategy_id]
        for fee in reckoned(
            deals, held, population, window, rates, terms, investment, posts=True
        ):  # fmt: skip
            day = fee.posted_on
            if not fee.is_final or fee.due <= 0 or day > window.last:
                continue
            # Pairs: whoever goes by whether a deal's number is even goes by it as before.
            moment = at(day, 0, 5) + len(operations) * 1_000
            operations.append(
                CashOperation(investment.account, moment, CHARGE, -fee.due, fee.comment)
            )
            login = int(population.login[investment.account])
            credit = CashOperation(
                manager, moment, CHARGE, _converted(population, rates, fee.due, investment.account,
                                                    manager, day),
                f"{_TITLES[fee.kind]} {fee.month:%Y-%m} {login}",
            )  # fmt: skip
            operations.append(credit)
    return operations


def _converted(
    population: Population, rates: EcbRates, minor: int, source: int, target: int, day: int
) -> int:
    """Minor units of one account in those of another, at the ECB rate of the day."""
    digits = [int(population.currency_digits[account]) for account in (source, target)]
    cents = [int(population.cents[account]) for account in (source, target)]
    codes = [main_currency(population.currency[account]) for account in (source, target)]
    cross = Fraction(rates.scaled_cross(codes[0], codes[1], day), RATE_SCALE)
    units = Fraction(minor, 10 ** digits[0] * cents[0]) * cross
    return _rounded(units * 10 ** digits[1] * cents[1])
