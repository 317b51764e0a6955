"""What a file repeats: a statement held already, in its own form or in another one.

The same statement comes again under another name, in another export, in another format. Its rows
have the same keys where the format is the same, and the loader finds nothing new. Where the key
differs, the statement is known by its content: account, currency, closing day, balances, number
and sums of entries. And a statement that comes again with other entries is the corrected one:
what it no longer lists is buried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ingestion.connectors.bank.contract import DETAILS, ENTRIES
from ingestion.connectors.bank.statements import Statement

_HELD = """
    SELECT r.account_id, r.currency, r.statement_id, r.format, r._source_table,
        r.statement_number, r.page_number, r.from_date, r.closing_date, r.opening_balance,
        r.closing_balance, r.entry_count, r.credits_amount, r.debits_amount
    FROM lake.raw.bank_statements AS r
    ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
    WHERE r._tenant_id = ? AND r._source = ? AND NOT r._is_deleted
        AND list_contains(?, r.account_id)
"""
_HELD_ROWS = """
    SELECT r.statement_key, r.entry_id, {number}
    FROM lake.raw.{table} AS r
    ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
    WHERE r._tenant_id = ? AND r._source = ? AND NOT r._is_deleted
        AND list_contains(?, r.statement_key)
"""


@dataclass(frozen=True)
class Repeated:
    """A statement of the file that is held already, and as what."""

    statement: Statement
    held_id: str
    held_format: str
    held_file: str


@dataclass(frozen=True)
class Sorted:
    """The statements of a file: those to load, and those that repeat others.

    ``known`` are the numbers of those whose key is held: they may be corrected versions.
    """

    load: list[Statement]
    repeated: list[Repeated]
    known: frozenset[int]


@dataclass(frozen=True)
class _Held:
    account_id: str
    currency: str
    statement_id: str
    format: str
    file: str
    statement_number: int | None
    page_number: int | None
    content: tuple[object, ...]
    entry_count: int


def sort_statements(
    con: duckdb.DuckDBPyConnection, tenant: str, source: str, statements: Sequence[Statement]
) -> Sorted:
    """Part the statements of a file by what the source's tables hold; notifications all load."""
    held = _held(con, tenant, source, sorted({s.account_id for s in statements}))
    by_key = {(h.account_id, h.currency, h.statement_id): h for h in held}
    by_content: dict[tuple[object, ...], list[_Held]] = {}
    for item in held:
        by_content.setdefault(item.content, []).append(item)
    load: list[Statement] = []
    repeated: list[Repeated] = []
    known: set[int] = set()
    for statement in statements:
        same_key = by_key.get(statement.key)
        twin = None if same_key else _twin(statement, by_content.get(_content(statement), []))
        if statement.kind == "notification":
            load.append(statement)
        elif twin is not None:
            repeated.append(Repeated(statement, twin.statement_id, twin.format, twin.file))
        elif same_key and not statement.adds_up and len(statement.booked) < same_key.entry_count:
            # A stretch of history that ends within a day of which more is held.
            repeated.append(Repeated(statement, same_key.statement_id, "csv", same_key.file))
        else:
            load.append(statement)
            if same_key and statement.adds_up:
                known.add(statement.number)
    return Sorted(load, repeated, frozenset(known))


def shortened(
    con: duckdb.DuckDBPyConnection, tenant: str, source: str, statements: Sequence[Statement]
) -> frozenset[int]:
    """Numbers of the statements that list less than what is held of them."""
    if not statements:
        return frozenset()
    listed = {
        (statement.number, entry.entry_id, number)
        for statement in statements
        for entry in statement.entries
        for number in range(len(entry.details) + 1)
    }
    held: set[tuple[int, str, int]] = set()
    for contract, number in ((ENTRIES, "0"), (DETAILS, "r.detail_number")):
        query = _HELD_ROWS.format(table=contract.table, number=number)
        numbers = sorted({statement.number for statement in statements})
        held.update(con.execute(query, [tenant, source, numbers]).fetchall())
    return frozenset(number for number, _, _ in held - listed)


def _held(
    con: duckdb.DuckDBPyConnection, tenant: str, source: str, accounts: list[str]
) -> list[_Held]:
    rows = con.execute(_HELD, [tenant, source, accounts]).fetchall()
    return [
        _Held(
            account, currency, statement_id, form, file, number, page,
            (account, currency, str(closing_date or from_date), opening, closing, count, *sums),
            count,
        )
        for account, currency, statement_id, form, file, number, page, from_date, closing_date,
        opening, closing, count, *sums in rows
    ]  # fmt: skip


def _content(statement: Statement) -> tuple[object, ...]:
    opening, closing = statement.opening, statement.closing
    day = (closing.date if closing else None) or statement.from_date
    return (
        statement.account_id,
        statement.currency,
        str(day),
        opening.amount if opening else None,
        closing.amount if closing else None,
        len(statement.booked),
        statement.credits,
        statement.debits,
    )


def _twin(statement: Statement, alike: list[_Held]) -> _Held | None:
    """Of the held statements alike, one that this can be a copy of.

    Two statements of one format that have different numbers are two statements.
    """
    for item in alike:
        numbers = (statement.statement_number, statement.page_number)
        others = (item.statement_number, item.page_number)
        numbered = statement.statement_number is not None and item.statement_number is not None
        family = item.format.rsplit(".", 2)[0]
        if family != statement.format.rsplit(".", 2)[0] or not numbered or numbers == others:
            return item
    return None
