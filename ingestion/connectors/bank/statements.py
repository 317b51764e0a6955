"""A bank statement as every format states it: account, balances, entries, their details.

Readers fill these; :mod:`frames` makes rows of them. Money is signed as the account sees it: a
credit is positive. An amount that cannot be read stays the text it was, and its row goes to
quarantine with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

Money = Decimal | str | None
Kind = Literal["statement", "notification"]

BOOKED, PENDING, EXPECTED = "BOOK", "PDNG", "FUTR"

_IBAN = re.compile(r"^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$")


@dataclass(frozen=True)
class Balance:
    """A balance on a day, signed."""

    amount: Money
    date: dt.date | None
    currency: str | None


@dataclass(frozen=True)
class Detail:
    """One transaction behind an entry; amounts signed, None where the bank states none."""

    amount: Money = None
    amount_currency: str | None = None
    instructed_amount: Money = None
    instructed_currency: str | None = None
    exchange_rate: str | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    mandate_id: str | None = None
    bank_reference: str | None = None
    creditor_reference: str | None = None
    payment_reference: str | None = None
    purpose_code: str | None = None
    return_reason: str | None = None
    counterparty_bank_id: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    remittance: str | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the account; ``row`` is its line or position in the file."""

    row: int
    amount: Money
    status: str = BOOKED
    is_reversal: bool = False
    booking_date: str | None = None
    booked_at: str | None = None
    booked_at_utc: dt.datetime | None = None
    value_date: str | None = None
    bank_reference: str | None = None
    customer_reference: str | None = None
    transaction_code: str | None = None
    proprietary_code: str | None = None
    funds_code: str | None = None
    batch_message_id: str | None = None
    batch_payment_id: str | None = None
    charges_amount: Money = None
    information: str | None = None
    details: tuple[Detail, ...] = ()
    entry_id: str = ""

    @property
    def counts(self) -> bool:
        """Whether it moved the booked balance."""
        return self.status == BOOKED


@dataclass(frozen=True)
class Statement:
    """One statement or notification of one account.

    Attributes:
        row: its line or position in the file.
        format: of the file, with its version: ``camt.053.001.08``, ``mt940``.
        adds_up: False for a part of an account's history (CSV) that a later file may complete.
    """

    row: int
    kind: Kind
    format: str
    account_id: str
    currency: str
    statement_id: str
    reference: str | None = None
    bank_id: str | None = None
    statement_number: int | None = None
    page_number: int | None = None
    from_date: str | None = None
    to_date: str | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    available: Balance | None = None
    entries: tuple[Entry, ...] = field(default_factory=tuple)
    adds_up: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, currency and id."""
        return self.account_id, self.currency, self.statement_id

    @property
    def number(self) -> int:
        """``statement_key``: the key as one number, so that a statement is a block of rows."""
        digest = hashlib.sha256("\x1f".join(self.key).encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    @property
    def booked(self) -> list[Entry]:
        """The entries that moved the balance."""
        return [entry for entry in self.entries if entry.counts]

    @property
    def credits(self) -> Decimal:
        """Sum of the booked credits that can be read."""
        return sum((a for a in self._amounts if a > 0), Decimal(0))

    @property
    def debits(self) -> Decimal:
        """Sum of the booked debits that can be read, negative."""
        return sum((a for a in self._amounts if a < 0), Decimal(0))

    @property
    def _amounts(self) -> list[Decimal]:
        return [entry.amount for entry in self.booked if isinstance(entry.amount, Decimal)]


def numbered(statement: Statement) -> Statement:
    """The statement with an id for each entry: the bank's reference, else its position.

    A reference keeps its row when a corrected statement inserts another before it. One that is
    given twice in a statement names none of its entries.
    """
    given = Counter(entry.bank_reference for entry in statement.entries)
    entries = tuple(
        entry
        if entry.entry_id
        else replace(
            entry,
            entry_id=entry.bank_reference
            if entry.bank_reference and given[entry.bank_reference] == 1
            else f"#{position}",
        )
        for position, entry in enumerate(statement.entries, start=1)
    )
    return replace(statement, entries=entries)


def distinct(statements: Iterable[Statement]) -> list[Statement]:
    """Statements of one file, ids made unique: some banks number two statements alike.

    A statement that is repeated word for word is taken once.
    """
    seen: dict[tuple[str, str, str], list[Statement]] = {}
    kept: list[Statement] = []
    for statement in statements:
        others = seen.setdefault(statement.key, [])
        if any(_content(statement) == _content(other) for other in others):
            continue
        others.append(statement)
        kept.append(
            statement
            if len(others) == 1
            else replace(statement, statement_id=f"{statement.statement_id}~{len(others)}")
        )
    return kept


def _content(statement: Statement) -> Statement:
    return replace(
        statement, row=0, entries=tuple(replace(entry, row=0) for entry in statement.entries)
    )


def decimal_of(text: str | None) -> Money:
    """A decimal with a point, unsigned; a text that is none stays the text."""
    if text is None or not text.strip():
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return text
    return value if value.is_finite() and not value.is_signed() else text


def signed(amount: Money, sign: int | None, why: str) -> Money:
    """The amount with its sign; without one it is a text that says why it has none."""
    if sign is None:
        return f"{amount} ({why})"
    return amount * sign if isinstance(amount, Decimal) else amount


def account_of(text: str, currency: str | None, renamed: dict[str, str]) -> str:
    """The account's id: without spaces, and without the currency some banks append.

    Args:
        renamed: the bank's way of writing an account -> the id wanted for it.
    """
    account = re.sub(r"\s+", "", text).upper()
    if currency and account.endswith(currency) and len(account) > len(currency):
        account = account.removesuffix(currency)
    wanted = {re.sub(r"\s+", "", key).upper(): value for key, value in renamed.items()}
    return wanted.get(account, account)


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN: form and check digits (ISO 13616, ISO 7064 mod 97-10)."""
    compact = re.sub(r"\s+", "", text).upper()
    return bool(_IBAN.match(compact)) and _mod97(compact) == 1


def looks_like_iban(text: str) -> bool:
    """Whether a text has an IBAN's form, whatever its check digits: some banks mask them."""
    return bool(_IBAN.match(re.sub(r"\s+", "", text).upper()))


def _mod97(iban: str) -> int:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97
