"""Statements as rows of texts: the API's JSON (one statement, a list, or single lines), and CSV."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.connectors.json_files import (
    UnreadableJsonError,
    object_of,
    read_json,
    text_of,
    utc_text,
)
from ingestion.connectors.table_files import UnreadableTableError, read_table

Row = dict[str, str | int | None]

# Column of a CSV statement -> ours.
_CSV = {
    "transferwise id": "reference_number",
    "amount": "amount",
    "currency": "currency",
    "description": "description",
    "payment reference": "payment_reference",
    "running balance": "running_balance",
    "exchange from": "exchange_from_currency",
    "exchange to": "exchange_to_currency",
    "exchange rate": "exchange_rate",
    "exchange to amount": "exchange_to_amount",
    "payer name": "sender_name",
    "payee name": "recipient_name",
    "payee account number": "recipient_account",
    "merchant": "merchant_name",
    "card holder full name": "card_holder_name",
    "total fees": "total_fees",
    "transaction type": "direction",
    "transaction details type": "details_type",
}
_CSV_REQUIRED = ("TransferWise ID", "Date", "Amount", "Currency", "Running Balance")
_CSV_UNUSED = {"date", "date time", "attachment", "note", "card last four digits", "id"}


class RefusedStatementError(ValueError):
    """The file cannot be loaded: a sentence without the file's name, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True)
class StatementFile:
    """What a file holds: its lines, the end balances it states, names that are not loaded.

    ``ends``: balance id and currency -> the balance at the end of the statement.
    """

    rows: list[Row]
    ends: dict[tuple[str, str], str]
    unloaded: list[str]


def read_json_statements(path: Path) -> StatementFile | None:
    """The lines of a JSON file; None when it holds nothing of Wise.

    Raises:
        RefusedStatementError: it is no JSON.
    """
    try:
        documents = [document for _, document in read_json(path)]
    except UnreadableJsonError as error:
        raise RefusedStatementError(f"is no JSON: {error}", "download it again") from error
    entries = [e for d in documents for e in (d if isinstance(d, list) else [d])]
    if not entries or not all(_is_known(entry) for entry in entries):
        return None
    rows: list[Row] = []
    ends: dict[tuple[str, str], str] = {}
    for entry in entries:
        statement = entry if "transactions" in entry else {"transactions": [entry]}
        query = object_of(statement.get("query"))
        balance = text_of(query.get("accountId")) or ""
        end = object_of(statement.get("endOfStatementBalance"))
        if (stated := text_of(end.get("value"))) is not None:
            ends[balance, (text_of(end.get("currency")) or "").upper()] = stated
        for line in statement["transactions"]:
            rows.append(_json_row(object_of(line), balance) | {"_source_row": len(rows) + 1})
    return StatementFile(rows, ends, [])


def _is_known(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    if "transactions" in entry:
        return isinstance(entry["transactions"], list)
    return "referenceNumber" in entry and "amount" in entry


def _json_row(line: dict[str, Any], balance: str) -> Row:
    amount, details = object_of(line.get("amount")), object_of(line.get("details"))
    exchange = object_of(line.get("exchangeDetails"))
    source = object_of(exchange.get("fromAmount") or details.get("sourceAmount"))
    target = object_of(
        exchange.get("toAmount") or exchange.get("forAmount") or details.get("targetAmount")
    )
    recipient = object_of(details.get("recipient"))
    return {
        "balance_id": balance,
        "currency": text_of(amount.get("currency")),
        "reference_number": text_of(line.get("referenceNumber")),
        "direction": text_of(line.get("type")),
        "booked_at": utc_text(text_of(line.get("date"))),
        "zone": "Etc/UTC",
        "amount": text_of(amount.get("value")),
        "total_fees": text_of(object_of(line.get("totalFees")).get("value")),
        "running_balance": text_of(object_of(line.get("runningBalance")).get("value")),
        "details_type": text_of(details.get("type")),
        "payment_reference": text_of(details.get("paymentReference")),
        "exchange_from_currency": text_of(source.get("currency")),
        "exchange_from_amount": text_of(source.get("value")),
        "exchange_to_currency": text_of(target.get("currency")),
        "exchange_to_amount": text_of(target.get("value")),
        "exchange_rate": text_of(exchange.get("rate") or details.get("rate")),
        "merchant_name": text_of(object_of(details.get("merchant")).get("name")),
        "description": text_of(details.get("description")),
        "sender_name": text_of(details.get("senderName")),
        "sender_account": text_of(details.get("senderAccount")),
        "recipient_name": text_of(recipient.get("name")),
        "recipient_account": text_of(recipient.get("bankAccount")),
        "card_holder_name": text_of(details.get("cardHolderFullName")),
    }


def read_csv_statement(path: Path, zone: str | None) -> StatementFile | None:
    """The lines of a CSV statement; None when it is none.

    Args:
        zone: the IANA zone of its dates, which the file does not state.

    Raises:
        RefusedStatementError: it cannot be read, or nobody said in which zone its dates are.
    """
    try:
        lines = read_table(path)
    except UnreadableTableError as error:
        raise RefusedStatementError(error.what, error.todo) from error
    header = [cell.casefold() for cell in lines[0].cells]
    if "transferwise id" not in header:
        return None
    missing = [name for name in _CSV_REQUIRED if name.casefold() not in header]
    if missing:
        raise RefusedStatementError(f"has no column {', '.join(missing)}", "download it again")
    if zone is None:
        raise RefusedStatementError(
            "states dates without a zone",
            'set options.csv_time_zone, e.g. "Europe/London", or deliver the JSON statement, '
            "which is in UTC",
        )
    ragged = [str(line.number) for line in lines if len(line.cells) != len(header)]
    if ragged:
        raise RefusedStatementError(
            f"has rows without {len(header)} fields: {', '.join(ragged[:10])}", "download it again"
        )
    rows: list[Row] = []
    for line in lines[1:]:
        cells = dict(zip(header, line.cells, strict=True))
        row: Row = {ours: cells.get(theirs) or None for theirs, ours in _CSV.items()}
        amount = cells["amount"]
        row |= {
            "balance_id": "",
            "booked_at": _european(cells.get("date time") or cells["date"]),
            "zone": zone,
            "direction": row["direction"] or ("DEBIT" if amount.startswith("-") else "CREDIT"),
            "_source_row": line.number,
        }
        rows.append(row)
    known = set(_CSV) | _CSV_UNUSED
    unloaded = [cell for cell in lines[0].cells if cell and cell.casefold() not in known]
    return StatementFile(rows, {}, unloaded)


def _european(stated: str) -> str:
    """``29-09-2025 16:02:46.004`` as ISO text; what is none stays as it is."""
    for form in ("%d-%m-%Y %H:%M:%S.%f", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y"):
        try:
            return dt.datetime.strptime(stated, form).isoformat(" ")  # noqa: DTZ007
        except ValueError:
            continue
    return stated
