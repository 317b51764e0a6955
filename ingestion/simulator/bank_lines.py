"""What the broker's client-money accounts at two banks book, line by line, and come to.

Wires of clients as the CRM knows them, payouts of payment providers, the banks' fees (once charged
twice and reversed), and transfers of the broker's own money in and out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, day_of, is_weekend, to_utc_ms
from ingestion.simulator.crm import main_amount, psp_references
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency
from ingestion.simulator.payouts import all_payouts
from ingestion.simulator.platform_clients import platform_requests
from ingestion.simulator.routing import BANK, provider_of
from ingestion.simulator.world import World

BANK_EUR, BANK_USD = "bank_eur", "bank_usd"
_FEES = {"EUR": (1_500, 35), "USD": (2_500, 45), "GBP": (1_800, 30), "JPY": (2_000, 60)}
_UNITS = {"EUR": 1, "USD": 1, "GBP": 1, "JPY": 150}


def iban(country: str, bban: str) -> str:
    """An IBAN with its check digits (ISO 13616, mod 97-10)."""
    digits = "".join(str(int(character, 36)) for character in bban + country + "00")
    return f"{country}{98 - int(digits) % 97:02d}{bban}"


ACCOUNTS = {
    "EUR": (BANK_EUR, iban("CY", "002001950000357001234567")),
    "USD": (BANK_USD, "40120400/0001002001"),
    "GBP": (BANK_USD, "40120400/0001002002"),
    "JPY": (BANK_USD, "40120400/0001002003"),
}
"""Bank and account by currency."""


@dataclass(frozen=True)
class Part:
    """One transaction of a line, in minor units, signed."""

    minor: int
    text: str
    reference: str = ""
    request: int = 0
    name: str = ""
    account: str = ""


@dataclass(frozen=True)
class Line:
    """One line of an account; several parts are one batch booking."""

    kind: str
    parts: tuple[Part, ...]
    reversal: bool = False

    @property
    def minor(self) -> int:
        """What the line moves."""
        return sum(part.minor for part in self.parts)


@dataclass
class AccountDays:
    """An account's lines by banking day, and what it opens with."""

    bank: str
    account: str
    currency: str
    opening: int
    days: list[int]
    lines: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))

    def closings(self) -> list[tuple[int, int, int]]:
        """Day, opening and closing balance of each banking day."""
        balance = self.opening
        found: list[tuple[int, int, int]] = []
        for day in self.days:
            opened = balance
            balance += sum(line.minor for line in self.lines[day])
            found.append((day, opened, balance))
        return found


def units(minor: int, currency: str) -> Decimal:
    """Minor units as an amount."""
    return Decimal(minor).scaleb(-CURRENCY_DIGITS[currency])


def bank_accounts(world: World) -> list[AccountDays]:
    """The accounts with all their lines, in the order of ``ACCOUNTS``."""
    window = world.window
    # Money that the CRM booked on a first weekend came in on the Friday before it.
    reach = np.arange(window.first - 3, window.last + 1)
    days = [int(day) for day in reach[~is_weekend(reach)]]
    accounts = {
        currency: AccountDays(
            bank, account, currency, 250_000 * _UNITS[currency] * 10 ** CURRENCY_DIGITS[currency],
            days,
        )
        for currency, (bank, account) in ACCOUNTS.items()
    }  # fmt: skip
    _wires(world, accounts)
    for payout in all_payouts(world):
        account = accounts[payout.currency]
        later = [day for day in account.days if day > payout.day]
        if len(later) >= 2:
            part = Part(
                payout.minor, f"{payout.provider.upper()} PAYOUT {payout.reference}",
                payout.reference, name=payout.provider.title(),
            )  # fmt: skip
            account.lines[later[1]].append(Line("payout", (part,)))
    for account in accounts.values():
        _own_money(account)
        _fees(account)
    return list(accounts.values())


@dataclass(frozen=True)
class _Wire:
    """A client's money by wire; ``amount`` is above zero, ``number`` the CRM's request."""

    client: int
    login: int
    currency: str
    amount: Decimal
    is_deposit: bool
    server_ms: int
    number: int
    comment: str
    reference: str


def _client_wires(world: World) -> list[_Wire]:
    population, references = world.population, psp_references(world)
    return [
        *(
            _Wire(
                int(population.client[o.account]), int(population.login[o.account]),
                main_currency(population.currency[o.account]), main_amount(o, population),
                o.amount > 0, o.server_ms, o.request, o.comment, references[o.request],
            )
            for o in world.cash.operations
            if o.request and provider_of(o) == BANK
        ),
        *(
            _Wire(
                one.account.client, one.account.login, one.currency, one.amount, one.is_deposit,
                one.server_ms, one.number, one.comment, one.reference,
            )
            for one in platform_requests(world)
        ),
    ]  # fmt: skip


def _wires(world: World, accounts: dict[str, AccountDays]) -> None:
    withdrawals: dict[tuple[str, int], list[Part]] = defaultdict(list)
    for wire in _client_wires(world):
        day = int(to_utc_ms(np.array([wire.server_ms], dtype=np.int64))[0] // DAY_MS)
        minor = int(wire.amount.scaleb(CURRENCY_DIGITS[wire.currency]))
        part = Part(
            minor if wire.is_deposit else -minor,
            f"Funding account {wire.login} {wire.comment}"
            if wire.is_deposit
            else f"Payment {wire.comment}",
            wire.reference, wire.number, world.population.names[wire.client],
            iban("DE", f"50010517{wire.client:010d}"),
        )  # fmt: skip
        days = accounts[wire.currency].days
        if wire.is_deposit:
            booked = max(banking for banking in days if banking <= day)
            accounts[wire.currency].lines[booked].append(Line("deposit", (part,)))
        else:
            booked = min(banking for banking in days if banking >= day)
            withdrawals[wire.currency, booked].append(part)
    for (currency, booked), parts in withdrawals.items():
        account = accounts[currency]
        # The bank that takes payment files books what one file asked for in one line.
        batches = [tuple(parts)] if account.bank == BANK_EUR else [(part,) for part in parts]
        account.lines[booked].extend(Line("withdrawal", batch) for batch in batches)


def _own_money(account: AccountDays) -> None:
    scale = _UNITS[account.currency] * 10 ** CURRENCY_DIGITS[account.currency]
    for place, amount, text in (
        (len(account.days) // 3, 50_000, "Top-up of client money"),
        (2 * len(account.days) // 3, -20_000, "Excess of client money"),
    ):
        part = Part(amount * scale, text, f"OWN{account.days[place]}", name="Own account")
        account.lines[account.days[place]].append(Line("own money", (part,)))


def _fees(account: AccountDays) -> None:
    """On the last banking day of each month that the window holds: a batch of the month's fees."""
    base, each = _FEES[account.currency]
    months: dict[tuple[int, int], list[int]] = defaultdict(list)
    for day in account.days:
        months[day_of(day).year, day_of(day).month].append(day)
    for number, (_, days) in enumerate(sorted(months.items())):
        wires = sum(
            len(line.parts) for day in days for line in account.lines[day]
            if line.kind in ("deposit", "withdrawal")
        )  # fmt: skip
        parts = (Part(-base, "Account fee"), Part(-each * (wires + 1), f"{wires + 1} payments"))
        fees = account.lines[days[-1]]
        if account.bank == BANK_EUR:
            fees.append(Line("fees", parts))
        else:
            fees.extend(Line("fees", (part,)) for part in parts)
        if number == 0:
            fees.append(Line("fees", (Part(-base, "Account fee"),)))
            fees.append(Line("fees", (Part(base, "Account fee, charged twice"),), reversal=True))


def bank_truth(world: World) -> dict[str, pl.DataFrame]:
    """Closing balance and entries of each account and day; every wire of the CRM."""
    accounts = bank_accounts(world)
    balances = [
        (
            "demo", account.bank, account.account, account.currency, day_of(day),
            units(closed, account.currency), units(closed - opened, account.currency),
            len(account.lines[day]),
        )
        for account in accounts
        for day, opened, closed in account.closings()
    ]  # fmt: skip
    wires = [
        (
            "demo", account.bank, account.account, account.currency, str(part.request),
            day_of(day), units(part.minor, account.currency),
        )
        for account in accounts
        for day in account.days
        for line in account.lines[day]
        for part in line.parts
        if part.request
    ]  # fmt: skip
    place = {
        "tenant_id": pl.String(), "bank_source_id": pl.String(), "bank_account_id": pl.String(),
        "currency": pl.String(),
    }  # fmt: skip
    money = pl.Decimal(24, 8)
    return {
        "bank_balances": pl.DataFrame(
            balances,
            schema=place | {
                "closing_date": pl.Date(), "closing_balance": money, "entries_amount": money,
                "entry_count": pl.Int64(),
            },
            orient="row",
        ),
        "bank_wires": pl.DataFrame(
            wires,
            schema=place | {
                "request_id": pl.String(), "booking_date": pl.Date(), "amount": money,
            },
            orient="row",
        ),
    }  # fmt: skip
