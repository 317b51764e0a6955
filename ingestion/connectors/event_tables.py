"""Reads a growing SQL table by a cursor column, from where the last load came to.

The cursor is a time or a number that grows with every row: written_at, id. Each read starts an
overlap before it, because rows are committed late and clocks differ; the loader drops what it
holds. The column is compared as the source stores it, so that its index serves the read, on the
source's own clock. A row that is deleted there stays here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import types

from ingestion.batch import Batch, CursorMove
from ingestion.checks import SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.queries import Queries
from ingestion.problems import Problem

CHUNK_ROWS = 200_000
OVERLAP_SECONDS = 600
OVERLAP_ROWS = 1_000
UTC = "UTC"
_INACCURACY = dt.timedelta(minutes=5)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the source's clock, whatever its zone


@dataclass(frozen=True)
class CursorColumn:
    """The column a table is read by.

    Attributes:
        name: as the database spells it.
        held: its type there.
        zone: IANA zone of its times, where they state no offset.
        overlap_days: for a column of days; 0 takes ``options.overlap_seconds``.
    """

    name: str
    held: types.TypeEngine[Any]
    zone: str = "UTC"
    overlap_days: int = 0

    @property
    def is_utc(self) -> bool:
        """Whether the database itself keeps the column in UTC."""
        return bool(getattr(self.held, "timezone", False))

    @property
    def now(self) -> int:
        """The present as a position: no cursor goes beyond it.

        A row dated in the future would otherwise move the cursor past all that come until then.
        """
        return present(UTC if self.is_utc else self.zone)

    @property
    def counts(self) -> bool:
        """Whether it is a number rather than a time."""
        return isinstance(self.held, types.Integer | types.Numeric)

    def position(self, value: Any) -> int:
        """A value of the column as a whole number: itself, or microseconds on the source's clock.

        Raises:
            ValueError: it is neither a number nor an ISO time.
        """
        if self.counts:
            return int(value)
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value.strip())
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        return int((value - _EPOCH) // dt.timedelta(microseconds=1))

    def literal(self, position: int) -> str:
        """A position as the database compares it with the column."""
        if self.counts:
            return str(position)
        moment = _EPOCH + dt.timedelta(microseconds=max(position, 0))
        if isinstance(self.held, types.Date):
            return f"'{moment:%Y-%m-%d}'"
        zone = "+00:00" if self.is_utc else ""
        return f"'{moment.isoformat(' ')}{zone}'"


def present(zone: str) -> int:
    """Microseconds since 1970 on the clock of a zone, and five minutes for its inaccuracy."""
    local = dt.datetime.now(ZoneInfo(zone)).replace(tzinfo=None) + _INACCURACY
    return int((local - _EPOCH) // dt.timedelta(microseconds=1))


Shaped = Callable[[pl.DataFrame], pl.DataFrame]


def read_events(
    context: PassContext,
    database: SourceDatabase,
    table: PhysicalTable,
    cursor: CursorColumn,
    shaped: Shaped,
) -> None:
    """Load what a table holds from its stored cursor on; each chunk is a load of its own.

    Args:
        shaped: makes of the rows what the contract expects.

    Raises:
        SourceError: the database went away; what was committed stays.
    """
    quoted = database.dialect.quote(cursor.name)
    name = Queries(database, table).name
    stored = _stored(context, table, cursor)
    start = None if stored is None else stored - _overlap(context, cursor)
    where = "" if start is None else f"WHERE {quoted} >= {cursor.literal(start)}"
    past = quoted
    if not cursor.counts:
        past = f"CASE WHEN {quoted} <= {cursor.literal(cursor.now)} THEN {quoted} END"
    ((count, newest, newest_past),) = database.rows(
        f"SELECT count(*), max({quoted}), max({past}) FROM {name} {where}"
    )
    remembered = f"extent:{table.name}"
    seen = (cursor.name, stored, count, str(newest), str(newest_past))
    if context.memory.get(remembered) == seen and not context.sweep:
        return
    try:
        greatest = None if newest is None else cursor.position(newest)
        reachable = None if newest_past is None else cursor.position(newest_past)
    except ValueError:
        context.problems.append(_no_cursor(table, cursor, newest))
        return
    if context.sweep or stored is None:
        # No comparison finds them: a row that was never changed may have no change time.
        where = f"{where or 'WHERE 1 = 1'} OR {quoted} IS NULL"
    extent = _Extent(where, greatest, reachable, stored)
    if _read_chunks(context, database, table, cursor, shaped, extent):
        context.memory[remembered] = (cursor.name, _stored(context, table, cursor), *seen[2:])


def _stored(context: PassContext, table: PhysicalTable, cursor: CursorColumn) -> int | None:
    """The stored position; None where there is none, or one of another column."""
    value, column = context.state.cursors.get(table.name, (0, None))
    return value if column == cursor.name else None


@dataclass(frozen=True)
class _Extent:
    """What there is to read: the condition, its greatest position, the greatest one that is not in
    the future, and where the last load came to."""

    where: str
    greatest: int | None
    reachable: int | None
    stored: int | None


def _read_chunks(
    context: PassContext,
    database: SourceDatabase,
    table: PhysicalTable,
    cursor: CursorColumn,
    shaped: Shaped,
    extent: _Extent,
) -> bool:
    """Load chunk after chunk; False where the pass was stopped before the last one."""
    queries = Queries(database, table)
    quoted = database.dialect.quote(cursor.name)
    chunk = context.integer_option("chunk_rows", CHUNK_ROWS)
    where = extent.where
    reached = extent.stored or 0
    while not context.stopping():
        ((end,),) = database.rows(
            f"SELECT max(c) FROM (SELECT {quoted} AS c FROM {queries.name} {where} "
            f"ORDER BY {quoted} LIMIT {chunk}) AS q"
        )
        position = None if end is None else cursor.position(end)
        last = position is None or extent.greatest is None or position >= extent.greatest
        until = "" if last or position is None else cursor.literal(position)
        clause = f"({where.removeprefix('WHERE ')})" if where else "1 = 1"
        upper = f" AND ({quoted} <= {until} OR {quoted} IS NULL)" if until else ""
        frame = database.read(queries.rows(f"WHERE {clause}{upper}"))
        if extent.reachable is not None:
            read_to = extent.reachable if last or position is None else position
            reached = max(reached, min(read_to, extent.reachable))
        context.load(
            Batch(
                contract=table.contract,
                tenant=context.source.tenant,
                source=context.source.name,
                kind=context.source.kind,
                frame=shaped(frame).with_columns(pl.lit(table.name).alias(SOURCE_TABLE)),
                cursors=(CursorMove(table.name, reached, cursor.name),),
                detail={
                    "physical_tables": [table.name],
                    "rows": frame.height,
                    "cursor_column": cursor.name,
                },
            )
        )
        if last:
            return True
        where = f"WHERE {quoted} > {until}"
    return False


def _overlap(context: PassContext, cursor: CursorColumn) -> int:
    if cursor.counts:
        return context.integer_option("overlap_rows", OVERLAP_ROWS)
    seconds = cursor.overlap_days * 86_400 or context.integer_option(
        "overlap_seconds", OVERLAP_SECONDS
    )
    return seconds * 1_000_000


def _no_cursor(table: PhysicalTable, cursor: CursorColumn, value: Any) -> Problem:
    return Problem(
        table.contract.table,
        "error",
        f"Table {table.name} cannot be read by {cursor.name}: {value!r} is neither a number nor "
        "an ISO time.",
        "name another column in options.cursors, or an empty one to read the table whole",
    )
