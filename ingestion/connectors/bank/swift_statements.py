"""MT940 statements and MT942 interim reports, in the variants of many banks."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal

from ingestion.connectors.bank.options import BankOptions
from ingestion.connectors.bank.statements import (
    Balance,
    Entry,
    Statement,
    account_of,
)
from ingestion.connectors.bank.swift_fields import SwiftField, split_statements
from ingestion.connectors.bank.swift_lines import LineReader

# Statements of before the euro leave the currency out of closing balances.
_BALANCE = re.compile(r"^([CD])(\d{6})([A-Z]{3})?(\d{1,20}(?:,\d*)?)\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"^(\d+)(?:/(\d+))?$")
_FLOOR = re.compile(r"^([A-Z]{3})")
_SUM = re.compile(r"^(\d*)([A-Z]{3})(\d{1,20}(?:,\d*)?)$")


class SwiftError(ValueError):
    """A statement that is cut or lacks what every statement must state."""


@dataclass(frozen=True)
class SwiftRead:
    """The statements of a file, and what was odd about them."""

    statements: list[Statement]
    remarks: list[str]


def read_swift(text: str, options: BankOptions) -> SwiftRead:
    """The statements of a file in its order.

    Raises:
        SwiftError: a statement is cut, has no account, or fields where they cannot be.
    """
    found: list[Statement] = []
    remarks: list[str] = []
    for fields in split_statements(text):
        if fields[0].tag != "20":
            raise SwiftError(
                f"line {fields[0].line}: a field :{fields[0].tag}: before any statement begins "
                "with :20:"
            )
        reader = _StatementReader(fields, options)
        found.append(reader.read())
        remarks.extend(reader.remarks)
    return SwiftRead(found, remarks)


class _StatementReader:
    """Reads the fields of one statement."""

    def __init__(self, fields: list[SwiftField], options: BankOptions) -> None:
        self._fields, self._options = fields, options
        self._lines = LineReader(options)
        self.remarks = self._lines.remarks
        self.name = f"statement {fields[0].value.strip() or '?'} (line {fields[0].line})"

    def read(self) -> Statement:
        """The statement.

        Raises:
            SwiftError: see :func:`read_swift`.
        """
        account = self._only("25P", "25").value.split("\n")[0].strip()
        interim = self._first("34F") is not None and self._first("60F", "60M") is None
        opening = None if interim else self._balance("60F", "60M")
        closing = None if interim else self._balance("62F", "62M")
        currency = self._currency(opening, closing)
        numbers = _NUMBER.match("".join(self._value("28C", "28").split()))
        number = int(numbers[1]) or None if numbers else None
        page = int(numbers[2]) or None if numbers and numbers[2] else None
        reference = self._fields[0].value.strip()
        statement = Statement(
            row=self._fields[0].line,
            kind="notification" if interim else "statement",
            format="mt942" if interim else "mt940",
            account_id=account_of(account, currency, self._options.accounts),
            currency=currency,
            statement_id=self._id(number, page, reference, opening, closing),
            reference=reference or None,
            statement_number=number,
            page_number=page,
            from_date=opening.date.isoformat() if opening and opening.date else None,
            to_date=closing.date.isoformat() if closing and closing.date else None,
            opening=_in_currency(opening, currency),
            closing=_in_currency(closing, currency),
            available=None if interim else self._optional_balance("64"),
            entries=tuple(self._entries()),
        )
        self._check_sums(statement)
        return statement

    def _id(
        self, number: int | None, page: int | None, reference: str,
        opening: Balance | None, closing: Balance | None,
    ) -> str:  # fmt: skip
        """Day and number. :20: is no part of it: many banks write the time of the export there.

        A statement without a number (Rabobank's :28C:0) is told from others of its day by the
        balance it opens with.
        """
        if closing is None or opening is None:
            at = self._value("13D").strip() or reference
            return "/".join([at, *(str(part) for part in (number, page) if part)])
        day = closing.date.isoformat() if closing.date else "?"
        if number:
            return "/".join([day, *(str(part) for part in (number, page) if part)])
        return f"{day}/{opening.amount}"

    def _entries(self) -> list[Entry]:
        """Entries with the texts that follow them; a text after the closing balance is of none."""
        entries: list[Entry] = []
        texts: list[list[str]] = []
        current: list[str] | None = None
        for field in self._fields:
            if field.tag == "61":
                entries.append(self._lines.entry(field))
                current = []
                texts.append(current)
            elif field.tag in ("86", "NS") and current is not None:
                current.append(field.value)
            elif field.tag[:2] in ("62", "64", "65", "90"):
                current = None
        return [
            self._lines.with_text(entry, "\n".join(parts))
            for entry, parts in zip(entries, texts, strict=True)
        ]

    def _first(self, *tags: str) -> SwiftField | None:
        return next((field for field in self._fields if field.tag in tags), None)

    def _value(self, *tags: str) -> str:
        field = self._first(*tags)
        return field.value if field else ""

    def _only(self, *tags: str) -> SwiftField:
        held = [field for field in self._fields if field.tag in tags]
        if not held:
            raise SwiftError(f"{self.name} names no account (:25:)")
        if len(held) > 1:
            raise SwiftError(
                f"{self.name}: line {held[1].line} has :25: again, inside the statement"
            )
        return held[0]

    def _balance(self, *tags: str) -> Balance:
        kind = "opening" if tags[0].startswith("60") else "closing"
        field = self._first(*tags)
        if field is None:
            raise SwiftError(
                f"{self.name} has no {kind} balance (:{tags[0]}: or :{tags[1]}:): the file is cut"
            )
        balance = _read_balance(field.value)
        if balance is None:
            raise SwiftError(f"{self.name}: line {field.line} is no balance: {field.value[:40]}")
        return balance

    def _optional_balance(self, tag: str) -> Balance | None:
        field = self._first(tag)
        return _read_balance(field.value) if field else None

    def _currency(self, *balances: Balance | None) -> str:
        stated = [balance.currency for balance in balances if balance and balance.currency]
        if len(set(stated)) > 1:
            raise SwiftError(f"{self.name} opens in {stated[0]} and closes in {stated[1]}")
        floor = _FLOOR.match(self._value("34F"))
        currency = stated[0] if stated else floor[1] if floor else None
        if currency is None:
            raise SwiftError(f"{self.name} states no currency")
        return currency

    def _check_sums(self, statement: Statement) -> None:
        """:90D: and :90C: state how many entries there are, and their sum."""
        for tag, total in (("90D", -statement.debits), ("90C", statement.credits)):
            stated = _SUM.match(self._value(tag).strip())
            if stated and _decimal(stated[3]) != total:
                self.remarks.append(
                    f"{self.name}: :{tag}: states {_decimal(stated[3])}, its entries {total}"
                )


def _read_balance(stated: str) -> Balance | None:
    match = _BALANCE.match(stated.split("\n", maxsplit=1)[0].strip())
    if match is None:
        return None
    try:
        day = dt.datetime.strptime(match[2], "%y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return None
    sign = 1 if match[1].upper() == "C" else -1
    return Balance(sign * _decimal(match[4]), day, match[3].upper() if match[3] else None)


def _in_currency(balance: Balance | None, currency: str) -> Balance | None:
    return replace(balance, currency=currency) if balance else None


def _decimal(stated: str) -> Decimal:
    """``15,`` is fifteen, ``0,1`` a tenth."""
    return Decimal(stated.replace(",", ".").rstrip(".") or "0")
