"""Rows of the raw tables from statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.bank.contract import ANNOUNCED, BOOKED
from ingestion.connectors.bank.statements import Detail, Entry, Statement
from ingestion.contracts import TableContract

_DETAIL_FIELDS = tuple(f.name for f in fields(Detail))
_ENTRY_FIELDS = tuple(f.name for f in fields(Entry) if f.name not in ("row", "details"))
_STATEMENT_FIELDS = (
    "format", "bank_id", "reference", "statement_number", "page_number", "from_date", "to_date",
)  # fmt: skip

Row = dict[str, object]


def tables(
    statements: Sequence[Statement], file_name: str
) -> list[tuple[TableContract, pl.DataFrame]]:
    """A contract and its rows, statements before notifications; none where the file has none."""
    found: list[tuple[TableContract, pl.DataFrame]] = []
    for kind, contracts in (("statement", BOOKED), ("notification", ANNOUNCED)):
        chosen = [statement for statement in statements if statement.kind == kind]
        if chosen:
            rows = (_statements(chosen), _entries(chosen), _details(chosen))
            found.extend(
                (contract, _frame(contract, part, file_name))
                for contract, part in zip(contracts, rows, strict=True)
            )
    return found


def empty(contract: TableContract, file_name: str) -> pl.DataFrame:
    """No rows of a table."""
    return _frame(contract, [], file_name)


def _place(statement: Statement) -> Row:
    account, currency, statement_id = statement.key
    return {
        "account_id": account,
        "currency": currency,
        "statement_id": statement_id,
        "statement_key": statement.number,
    }


def _statements(statements: Iterable[Statement]) -> list[Row]:
    rows: list[Row] = []
    for statement in statements:
        row = _place(statement) | {name: getattr(statement, name) for name in _STATEMENT_FIELDS}
        for name in ("opening", "closing", "available"):
            balance = getattr(statement, name)
            row[f"{name}_balance"] = balance.amount if balance else None
            row[f"{name}_date"] = balance.date if balance else None
        row["entry_count"] = len(statement.booked)
        row["credits_amount"], row["debits_amount"] = statement.credits, statement.debits
        row[SOURCE_ROW] = statement.row
        rows.append(row)
    return rows


def _entries(statements: Iterable[Statement]) -> list[Row]:
    return [
        _place(statement)
        | {name: getattr(entry, name) for name in _ENTRY_FIELDS}
        | {"entry_number": number, "detail_count": len(entry.details), SOURCE_ROW: entry.row}
        for statement in statements
        for number, entry in enumerate(statement.entries, start=1)
    ]


def _details(statements: Iterable[Statement]) -> list[Row]:
    return [
        _place(statement)
        | {name: getattr(detail, name) for name in _DETAIL_FIELDS}
        | {"entry_id": entry.entry_id, "detail_number": number, SOURCE_ROW: entry.row}
        for statement in statements
        for entry in statement.entries
        for number, detail in enumerate(entry.details, start=1)
    ]


def _frame(contract: TableContract, rows: list[Row], file_name: str) -> pl.DataFrame:
    names = [column.target for column in contract.columns]
    texts = {name: [_text(row.get(name)) for row in rows] for name in names}
    return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String())).with_columns(
        pl.lit(file_name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [row[SOURCE_ROW] for row in rows], dtype=pl.Int64),
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
