"""camt.053 statements; camt.054 and camt.052 notifications: every version, by element names.

An entry may hold many transactions (a batch booking): the entry moves the balance, its details say
what it is made of. Only one of the two levels is ever added up.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from ingestion.connectors.bank.options import BankOptions
from ingestion.connectors.bank.statements import (
    BOOKED,
    Balance,
    Detail,
    Entry,
    Kind,
    Money,
    Statement,
    account_of,
    decimal_of,
    signed,
)
from ingestion.connectors.safe_xml import child, children, local_name, text

_MESSAGES: dict[str, tuple[str, Kind, str]] = {
    "BkToCstmrStmt": ("camt.053", "statement", "Stmt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "notification", "Ntfctn"),
    "BkToCstmrAcctRpt": ("camt.052", "notification", "Rpt"),
}
_VERSION = re.compile(r"(camt\.05[234]\.\d{3}\.\d{2})")
_SIGNS = {"CRDT": 1, "DBIT": -1}
_OPENING, _CLOSING, _AVAILABLE = ("OPBD", "PRCD", "ITBD"), ("CLBD", "ITBD"), ("CLAV",)
# What banks write where the payer gave no reference.
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF"})


class CamtError(ValueError):
    """The message lacks what every statement must state."""


def messages(root: etree._Element) -> list[etree._Element]:
    """The statement messages of a document, in whatever envelope it came; empty if none."""
    return [element for element in root.iter() if local_name(element) in _MESSAGES]


def read_camt(root: etree._Element, options: BankOptions) -> list[Statement]:
    """The statements and notifications of a document, in its order.

    Raises:
        CamtError: a statement names no account, or no currency.
    """
    found: list[Statement] = []
    entry_row = 0
    for message in messages(root):
        name, kind, part = _MESSAGES[local_name(message)]
        version = _VERSION.search(etree.QName(message).namespace or "")
        for element in children(message, part):
            reader = _StatementReader(element, kind, version[1] if version else name, options)
            statement, entry_row = reader.read(len(found) + 1, entry_row)
            found.append(statement)
    return found


class _StatementReader:
    """Reads one Stmt, Ntfctn or Rpt."""

    def __init__(
        self, element: etree._Element, kind: Kind, version: str, options: BankOptions
    ) -> None:
        self._element, self._kind, self._version = element, kind, version
        self._options = options
        self._balances = list(_balances(element))
        first = next((b.currency for _, b in self._balances if b.currency), None)
        self._currency = text(element, "Acct", "Ccy") or first or _entry_currency(element)

    def read(self, row: int, entries_before: int) -> tuple[Statement, int]:
        """The statement, and the position of its last entry in the file."""
        element, place = self._element, f"statement {row}"
        stated = text(element, "Id")
        account = text(element, "Acct", "Id", "IBAN") or text(element, "Acct", "Id", "Othr", "Id")
        if not account:
            raise CamtError(f"{place} ({stated}) names no account (Acct/Id)")
        if not self._currency:
            raise CamtError(f"{place} ({stated}) states no currency")
        if not stated:
            raise CamtError(f"{place} has no Id")
        page = text(element, "StmtPgntn", "PgNb") or text(element, "NtfctnPgntn", "PgNb")
        entries = [
            self._entry(item, number)
            for number, item in enumerate(children(element, "Ntry"), start=entries_before + 1)
        ]
        statement = Statement(
            row=row,
            kind=self._kind,
            format=self._version,
            account_id=account_of(account, None, self._options.accounts),
            currency=self._currency,
            # Pages of one statement share its Id.
            statement_id=f"{stated}/{page}" if page and int(page) > 1 else stated,
            reference=stated,
            bank_id=text(element, "Acct", "Svcr", "FinInstnId", "BICFI")
            or text(element, "Acct", "Svcr", "FinInstnId", "BIC"),
            statement_number=_number(text(element, "ElctrncSeqNb") or text(element, "LglSeqNb")),
            page_number=_number(page),
            from_date=_day(text(element, "FrToDt", "FrDtTm")),
            to_date=_day(text(element, "FrToDt", "ToDtTm")),
            opening=self._balance(_OPENING),
            closing=self._balance(_CLOSING, last=True),
            available=self._balance(_AVAILABLE),
            entries=tuple(entries),
        )
        return statement, entries_before + len(entries)

    def _balance(self, codes: tuple[str, ...], *, last: bool = False) -> Balance | None:
        for code in codes:
            of_code = [balance for held, balance in self._balances if held == code]
            # An intermediate page states ITBD twice: where it opens, then where it closes.
            if of_code and not (code == "ITBD" and last and len(of_code) == 1 and self._opens_at):
                return of_code[-1] if last else of_code[0]
        return None

    @property
    def _opens_at(self) -> bool:
        """Whether the only ITBD is the opening balance."""
        held = {code for code, _ in self._balances}
        return not held & {"OPBD", "PRCD"}

    def _entry(self, element: etree._Element, row: int) -> Entry:
        sign = _SIGNS.get(text(element, "CdtDbtInd") or "")
        reversal = text(element, "RvslInd") in ("true", "1")
        if sign and reversal and self._options.reversals == "original":
            sign = -sign
        amount = signed(_amount(child(element, "Amt")), sign, "no CdtDbtInd")
        currency = _currency(child(element, "Amt"))
        if currency and currency != self._currency:
            amount = f"{amount} ({currency} on an account in {self._currency})"
        batch = child(element, "NtryDtls", "Btch")
        transactions = [
            item for group in children(element, "NtryDtls") for item in children(group, "TxDtls")
        ]
        return Entry(
            row=row,
            amount=amount,
            status=text(element, "Sts", "Cd") or text(element, "Sts") or BOOKED,
            is_reversal=reversal,
            booking_date=_date_of(element, "BookgDt"),
            booked_at=text(element, "BookgDt", "DtTm"),
            booked_at_utc=_utc(text(element, "BookgDt", "DtTm")),
            value_date=_date_of(element, "ValDt"),
            bank_reference=text(element, "AcctSvcrRef") or text(element, "NtryRef"),
            customer_reference=text(element, "NtryRef") if text(element, "AcctSvcrRef") else None,
            transaction_code=_transaction_code(element),
            proprietary_code=text(element, "BkTxCd", "Prtry", "Cd"),
            batch_message_id=text(batch, "MsgId"),
            batch_payment_id=text(batch, "PmtInfId"),
            charges_amount=_charges(element),
            information=text(element, "AddtlNtryInf"),
            details=tuple(
                self._detail(item, sign, amount if len(transactions) == 1 else None, currency)
                for item in transactions
            ),
        )

    def _detail(
        self,
        element: etree._Element,
        entry_sign: int | None,
        whole: Money,
        entry_currency: str | None,
    ) -> Detail:
        sign = _SIGNS.get(text(element, "CdtDbtInd") or "") or entry_sign
        stated = child(element, "Amt")
        if stated is None:
            stated = child(element, "AmtDtls", "TxAmt", "Amt")
        amount = whole if stated is None else signed(_amount(stated), sign, "no CdtDbtInd")
        instructed = child(element, "AmtDtls", "InstdAmt", "Amt")
        credit = (entry_sign or 1) > 0
        party, account, agent = (
            ("Dbtr", "DbtrAcct", "DbtrAgt") if credit else ("Cdtr", "CdtrAcct", "CdtrAgt")
        )
        remittance = "\n".join(
            line.text.strip()
            for line in children_of(element, "RmtInf", "Ustrd")
            if line.text and line.text.strip()
        )
        information = text(element, "AddtlTxInf")
        texts = "\n".join(part for part in (remittance, information) if part) or None
        end_to_end = _reference(text(element, "Refs", "EndToEndId"))
        creditor_reference = text(element, "RmtInf", "Strd", "CdtrRefInf", "Ref")
        return Detail(
            amount=amount,
            amount_currency=_currency(stated) or (entry_currency if amount is not None else None),
            instructed_amount=signed(_amount(instructed), sign, "no CdtDbtInd")
            if instructed is not None
            else None,
            instructed_currency=_currency(instructed),
            exchange_rate=text(element, "AmtDtls", "TxAmt", "CcyXchg", "XchgRate")
            or text(element, "AmtDtls", "InstdAmt", "CcyXchg", "XchgRate"),
            end_to_end_id=end_to_end,
            instruction_id=_reference(text(element, "Refs", "InstrId")),
            transaction_id=text(element, "Refs", "UETR") or text(element, "Refs", "TxId"),
            mandate_id=text(element, "Refs", "MndtId"),
            bank_reference=text(element, "Refs", "AcctSvcrRef"),
            creditor_reference=creditor_reference,
            payment_reference=self._options.reference_in(creditor_reference, end_to_end, texts),
            purpose_code=text(element, "Purp", "Cd"),
            return_reason=text(element, "RtrInf", "Rsn", "Cd")
            or text(element, "RtrInf", "Rsn", "Prtry"),
            counterparty_bank_id=text(element, "RltdAgts", agent, "FinInstnId", "BICFI")
            or text(element, "RltdAgts", agent, "FinInstnId", "BIC"),
            counterparty_name=text(element, "RltdPties", party, "Pty", "Nm")
            or text(element, "RltdPties", party, "Nm"),
            counterparty_account=text(element, "RltdPties", account, "Id", "IBAN")
            or text(element, "RltdPties", account, "Id", "Othr", "Id"),
            remittance=texts,
        )


def children_of(element: etree._Element, group: str, name: str) -> Iterator[etree._Element]:
    """Children named ``name`` of every child named ``group``."""
    return (item for part in children(element, group) for item in children(part, name))


def _balances(element: etree._Element) -> Iterator[tuple[str, Balance]]:
    for item in children(element, "Bal"):
        code = text(item, "Tp", "CdOrPrtry", "Cd")
        sign = _SIGNS.get(text(item, "CdtDbtInd") or "")
        stated = child(item, "Amt")
        day = _date_of(item, "Dt")
        if code is not None:
            amount = signed(_amount(stated), sign, "no CdtDbtInd")
            yield code, Balance(amount, _parsed_day(day), _currency(stated))


def _entry_currency(element: etree._Element) -> str | None:
    return next((_currency(child(entry, "Amt")) for entry in children(element, "Ntry")), None)


def _amount(element: etree._Element | None) -> Money:
    return None if element is None else decimal_of(element.text)


def _currency(element: etree._Element | None) -> str | None:
    return None if element is None else element.get("Ccy")


def _charges(element: etree._Element) -> Money:
    stated = [
        _amount(child(item, "Amt"))
        for group in children(element, "Chrgs")
        for item in (*children(group, "Rcrd"), group)
        if child(item, "Amt") is not None
    ]
    unreadable = next((amount for amount in stated if isinstance(amount, str)), None)
    if unreadable:
        return unreadable
    return sum((a for a in stated if isinstance(a, Decimal)), Decimal(0)) if stated else None


def _transaction_code(element: etree._Element) -> str | None:
    parts = (
        text(element, "BkTxCd", "Domn", "Cd"),
        text(element, "BkTxCd", "Domn", "Fmly", "Cd"),
        text(element, "BkTxCd", "Domn", "Fmly", "SubFmlyCd"),
    )
    return "/".join(part for part in parts if part) or None


def _reference(stated: str | None) -> str | None:
    return None if stated is None or stated.upper() in _NO_REFERENCE else stated


def _date_of(element: etree._Element, name: str) -> str | None:
    """The calendar day the bank states, in the bank's own time."""
    return text(element, name, "Dt") or _day(text(element, name, "DtTm"))


def _day(moment: str | None) -> str | None:
    return moment[:10] if moment else None


def _utc(moment: str | None) -> dt.datetime | None:
    """The UTC instant, where the bank states an offset."""
    try:
        stated = dt.datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    if stated.tzinfo is None:
        return None
    return stated.astimezone(dt.UTC).replace(tzinfo=None)


def _parsed_day(day: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(day[:10]) if day else None
    except ValueError:
        return None


def _number(stated: str | None) -> int | None:
    return int(float(stated)) if stated and re.fullmatch(r"\d+(\.0+)?", stated) else None
