"""One line of an MT940 statement (:61:) with its text (:86:), as the banks write them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import mt940

from ingestion.connectors.bank.options import BankOptions
from ingestion.connectors.bank.payment_texts import read_payment_text
from ingestion.connectors.bank.statements import (
    BOOKED,
    EXPECTED,
    Detail,
    Entry,
    looks_like_iban,
)
from ingestion.connectors.bank.swift_fields import SwiftField

_NO_REFERENCE = frozenset({"", "NONREF", "EREF", "PREF", "MARF", "KREF+"})
_UNREADABLE_LENGTH = 24


class _Line(mt940.tags.Statement):
    """:61: of any bank: IBANs in the reference (ASN, SNS), names behind it (Rabobank)."""

    pattern = r"""^
    (?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})
    (?P<entry_month>\d{2}|\s{2})?(?P<entry_day>\d{2}|\s{2})?
    (?P<expected>E)?(?P<status>R?[DC])(?P<funds_code>[A-Z])?[\n ]?
    (?P<amount>\d{1,20}(?:,\d*)?)
    (?P<id>[A-Z][A-Z0-9]{3})?
    (?P<references>[^\n]*)
    (?:\n(?P<extra_details>[\s\S]*))?$"""


@dataclass
class LineReader:
    """Reads the lines of a statement; ``remarks`` are what was odd about them."""

    options: BankOptions
    remarks: list[str] = field(default_factory=list)
    _line: _Line = field(default_factory=_Line)

    def entry(self, source: SwiftField) -> Entry:
        """The entry of a :61:; one that cannot be read keeps the beginning of its text."""
        value = source.value
        if self._line.re.match(value) is None:
            return self._unreadable(source)
        transactions = mt940.models.Transactions(options=mt940.Options.all())
        parts: dict[str, Any] = dict(self._line.parse(transactions, value))
        stated_day = f"{parts['month']}{parts['day']}"
        parts = mt940.processors.date_fixup_pre_processor(transactions, self._line, parts)
        if f"{parts['month']}{parts['day']}" != stated_day:
            self.remarks.append(
                f"line {source.line}: value date {value[:6]} (a month of 30 days) was read as the "
                "last day of February"
            )
        try:
            read: dict[str, Any] = dict(self._line(transactions, parts))
        except ValueError:
            return self._unreadable(source)
        own, bank, name = _references(parts["references"] or "")
        value_day, entry_day = read["date"], read.get("entry_date")
        return Entry(
            row=source.line,
            amount=read["amount"].amount,
            status=EXPECTED if parts["expected"] else BOOKED,
            is_reversal=parts["status"].upper().startswith("R"),
            booking_date=dt.date.isoformat(entry_day) if entry_day else None,
            value_date=dt.date.isoformat(value_day),
            bank_reference=bank,
            customer_reference=None if looks_like_iban(own) or name else own or None,
            transaction_code=parts["id"],
            funds_code=parts["funds_code"],
            information=_lines(name, parts["extra_details"]),
            details=(
                Detail(
                    counterparty_account=own
                    if looks_like_iban(own) or (name and own.upper() not in _NO_REFERENCE)
                    else None,
                    counterparty_name=name or None,
                ),
            ),
        )

    def _unreadable(self, source: SwiftField) -> Entry:
        # Up to where a name or an account could begin.
        return Entry(source.line, amount=f"unreadable :61: {source.value[:_UNREADABLE_LENGTH]}")

    def with_text(self, entry: Entry, stated: str) -> Entry:
        """The entry with what its text says."""
        text = read_payment_text(stated)
        [first] = entry.details or (Detail(),)
        own = entry.customer_reference
        own = None if own is None or own.upper() in _NO_REFERENCE else own
        own = own or text.customer_reference
        detail = replace(
            first,
            amount=entry.amount,
            amount_currency=None,
            end_to_end_id=text.end_to_end_id,
            mandate_id=text.mandate_id,
            bank_reference=entry.bank_reference,
            creditor_reference=text.creditor_reference,
            payment_reference=self.options.reference_in(
                text.creditor_reference, text.end_to_end_id, own, text.remittance,
                entry.information,
            ),
            purpose_code=text.purpose_code,
            return_reason=text.return_reason,
            counterparty_bank_id=text.counterparty_bank_id,
            counterparty_name=text.counterparty_name or first.counterparty_name,
            counterparty_account=text.counterparty_account or first.counterparty_account,
            remittance=text.remittance,
        )  # fmt: skip
        return replace(
            entry,
            customer_reference=own,
            proprietary_code=text.business_code,
            details=(detail,),
        )


def _references(stated: str) -> tuple[str, str | None, str]:
    """The customer's reference, the bank's, and a name written behind the first (Rabobank)."""
    own, _, bank = stated.partition("//")
    own = own.rstrip()
    name = ""
    if len(own) > 16 and not looks_like_iban(own) and "//" not in stated and own[15:17] != "":
        own, name = own[:16].strip(), own[16:].strip()
    bank = bank.strip()
    return own.strip(), None if bank.upper() in _NO_REFERENCE else bank, name


def _lines(*parts: str | None) -> str | None:
    return "\n".join(part.strip() for part in parts if part and part.strip()) or None
