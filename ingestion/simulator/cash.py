"""Money that moves without a trade: deposits, withdrawals, transfers, credits, charges."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, IntArray, Window
from ingestion.simulator.market import CURRENCY_DIGITS, GROUPS, main_currency
from ingestion.simulator.population import (
    FIRST_ORDINARY,
    NO_TRADE,
    RAPID,
    STOP_OUT,
    STRUCTURING,
    Population,
)
from ingestion.simulator.prices import FloatArray
from ingestion.simulator.rates import EcbRates

BALANCE, CREDIT, CHARGE, CORRECTION, INTEREST, DIVIDEND, TAX, AGENT, COMPENSATION = (
    2, 3, 4, 5, 12, 15, 17, 18, 19,
)  # fmt: skip
FIRST_REQUEST = 700_001
_UNITS_PER_USD = {"USD": 1, "EUR": 1, "GBP": 1, "JPY": 160, "USC": 100}
_DEPOSITS = np.array([2_000, 2_500, 3_000, 5_000, 6_000, 12_000, 15_000, 20_000])


@dataclass(frozen=True)
class CashOperation:
    """One non-trade deal: minor units of the account currency."""

    account: int
    server_ms: int
    action: int
    amount: int
    comment: str
    request: int = 0
    """CRM request id; 0 where no request stands behind it."""
    method: str = ""


@dataclass(frozen=True)
class BookedRequest:
    """A CRM request as MetaTrader 4 or cTrader booked it: minor units of the account, signed."""

    server_id: str
    login: int
    number: int
    currency: str
    minor: int
    server_ms: int


@dataclass
class CashBook:
    """All operations, in the order they were decided; request ids follow that order."""

    operations: list[CashOperation] = field(default_factory=list)
    next_request: int = FIRST_REQUEST

    def request(self, account: int, server_ms: int, amount: int, method: str) -> None:
        """A deposit (above zero) or withdrawal that a CRM request stands behind."""
        kind = "D" if amount > 0 else "W"
        self.operations.append(
            CashOperation(
                account, server_ms, BALANCE, amount, f"CRM-{kind}-{self.next_request}",
                self.next_request, method,
            )
        )  # fmt: skip
        self.next_request += 1

    def post(self, account: int, server_ms: int, action: int, amount: int, comment: str) -> None:
        """An operation of the back office, without a request."""
        self.operations.append(CashOperation(account, server_ms, action, amount, comment))


def minor_units(amount: float, currency: str) -> int:
    """Whole minor units of an amount."""
    return int(np.rint(amount * 10.0 ** CURRENCY_DIGITS[currency]))


def at(day: int, hour: int, minute: int = 0) -> int:
    """Server-clock milliseconds of a time on a day."""
    return day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS


@dataclass(frozen=True)
class Funding:
    """What the random trading needs to know: when accounts are first funded, with how much."""

    day: IntArray
    usd: FloatArray


def fund_accounts(
    window: Window, population: Population, rates: EcbRates, scale: int, cash: CashBook,
    rng: np.random.Generator,
) -> Funding:  # fmt: skip
    """First deposits, later deposits and small withdrawals of ordinary accounts.

    Kept clear of the transaction-monitoring rules by construction: no deposit is worth between
    90 % and 100 % of 10,000 USD, only a client's first account withdraws, at most twice and each
    time at most 15 % of the smallest deposit of the client.
    """
    size = population.size
    day = np.full(size, window.last, dtype=np.int64)
    usd = np.ones(size)
    base = rng.choice(_DEPOSITS, size) * scale
    card = rng.random(size) < 0.6
    minutes = rng.integers(11 * 60, 20 * 60, (size, 6))
    chance = rng.random((size, 6))
    smallest: dict[int, float] = {}
    ordinary = [i for i in range(FIRST_ORDINARY, size) if population.client[i] >= 0]
    for index in ordinary:
        currency = GROUPS[population.group[index]].currency
        registered = int(population.registered_ms[index] // DAY_MS)
        amount = float(base[index] * _UNITS_PER_USD[currency])
        method = "card" if card[index] else "wire"
        cash.request(index, at(registered, 0, int(minutes[index, 0])),
                     minor_units(amount, currency), method)  # fmt: skip
        day[index] = registered
        usd[index] = _in_usd(amount, currency, rates)
        client = int(population.client[index])
        smallest[client] = min(smallest.get(client, usd[index]), usd[index])
        for number in (1, 2):
            later = registered + int(window.days * number // 3) + int(chance[index, number] * 4)
            if chance[index, number] < 0.45 and later < window.last:
                cash.request(index, at(later, 0, int(minutes[index, number])),
                             minor_units(amount, currency), method)  # fmt: skip
    primaries = set(population.primary_accounts())
    for index in ordinary:
        currency = GROUPS[population.group[index]].currency
        limit = smallest[int(population.client[index])] * 0.15
        for number in (3, 4):
            later = int(day[index]) + 9 + (window.days - 9) * (number - 2) // 3
            if index in primaries and chance[index, number] < 0.5 and later <= window.last - 1:
                whole = int(limit * chance[index, 5] / _in_usd(1.0, currency, rates)) or 1
                method = "card" if card[index] else "wire"
                cash.request(index, at(later, 0, int(minutes[index, number])),
                             -minor_units(whole, currency), method)  # fmt: skip
    return Funding(day=day, usd=usd)


def _in_usd(amount: float, currency: str, rates: EcbRates) -> float:
    code = main_currency(currency)
    units = amount / (100 if currency == "USC" else 1)
    return units * float(rates.per_eur["USD"][-1] / rates.per_eur[code][-1])


def rapid_deposit_day(window: Window) -> int:
    """The day of the rapid in-out deposit: the day after it is a trading day."""
    trading = window.trading_days()
    return int(trading[trading >= window.first + 4][0]) - 1


def plant_monitored_cash(window: Window, cash: CashBook, funding: Funding) -> None:
    """The three cases the transaction-monitoring rules must find, and the stop-out's deposit."""
    first = window.first
    rapid = rapid_deposit_day(window)
    for hour, minute, amount in ((10, 5, 9_200), (13, 40, 9_500), (17, 20, 9_800)):
        cash.request(STRUCTURING, at(first + 2, hour, minute), amount * 100, "card")
    cash.request(RAPID, at(rapid, 11, 15), 8_000 * 100, "card")
    cash.request(RAPID, at(rapid + 2, 10, 30), -6_900 * 100, "wire")
    cash.request(NO_TRADE, at(first + 2, 12, 10), 7_500 * 100, "wire")
    cash.request(NO_TRADE, at(first + 12, 12, 40), -5_000 * 100, "wire")
    cash.request(STOP_OUT, at(first + 1, 12, 0), 6_000 * 100, "card")
    for account, day, usd in (
        (STRUCTURING, first + 2, 28_500.0), (RAPID, rapid, 8_000.0),
        (NO_TRADE, first + 2, 7_500.0), (STOP_OUT, first + 1, 6_000.0),
    ):  # fmt: skip
        funding.day[account] = day
        funding.usd[account] = usd


def plant_back_office(
    window: Window, population: Population, cash: CashBook, funding: Funding
) -> None:
    """Credits, charges, corrections, transfers and rare items; deposits of the house's accounts."""
    o = FIRST_ORDINARY
    day = [window.trading_day_near(fraction) for fraction in (0.3, 0.45, 0.6, 0.75)]

    def amount(account: int, units: float) -> int:
        return minor_units(units, GROUPS[population.group[account]].currency)

    cash.post(o, at(day[0], 12, 30), CHARGE, -amount(o, 15.0), "Inactivity fee")
    cash.post(o, at(day[2], 9, 10), CHARGE, -amount(o, 7.5), "Statement by post")
    cash.post(o + 1, at(day[0], 10, 0), CREDIT, amount(o + 1, 300), "Welcome credit")
    cash.post(o + 1, at(day[3], 10, 0), CREDIT, -amount(o + 1, 120), "Welcome credit out")
    cash.post(o + 2, at(day[1], 15, 20), CORRECTION, amount(o + 2, 23.45), "Price correction")
    cash.post(o + 5, at(day[1], 15, 50), CORRECTION, -amount(o + 5, 1_250), "Booking correction")
    cash.post(o + 3, at(day[2], 8, 0), INTEREST, amount(o + 3, 112.0), "Interest on balance")
    cash.post(o + 4, at(day[1], 8, 30), DIVIDEND, amount(o + 4, 18.6), "US500 dividend")
    cash.post(o + 4, at(day[1], 8, 31), TAX, -amount(o + 4, 2.79), "Tax on US500 dividend")
    cash.post(o + 6, at(day[2], 23, 0), AGENT, amount(o + 6, 12.34), "agent commission")
    source, target = int(population.login[o]), int(population.login[o + 7])
    cash.post(o, at(day[1], 14, 0), BALANCE, -amount(o, 200), f"IT to {target}")
    cash.post(o + 7, at(day[1], 14, 1), BALANCE, amount(o + 7, 200), f"IT from {source}")
    houses = {0: 30_000, 1: 100_000, 2: 50_000, 3: 5_000}
    for number, units in houses.items():
        account = population.manager + number
        cash.post(account, at(window.first + 1, 12, number), BALANCE, units * 100, "Deposit")
        funding.day[account] = window.first + 1
        funding.usd[account] = float(units)
