"""Reads what changed since the cursor, in chunks; each chunk is a load of its own.

A table's first load goes through its primary key, because platforms put no index on the change
marker: its greatest value at the start becomes the cursor, and whatever changes meanwhile carries a
later one. How far it came is kept beside the cursor (``backfill:<key>``), so a crash costs one
chunk. After that the table is read by the marker, from the cursor minus an overlap: the overlap
catches rows that were committed late, and the loader drops what it holds.

A poll that asks a table without an index makes the database read all of it: the next poll then
waits ten times as long as the answer took.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass

import polars as pl

from ingestion.batch import Batch, CursorMove
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.queries import Queries
from ingestion.contracts import TableContract

CHUNK_ROWS = 250_000
FILETIME_SECOND = 10_000_000
_FILETIME_1970 = 11_644_473_600
_BACKFILL = "backfill:"
# A poll asks a table again after this many times what its last answer took.
_REST = 10
# A row may change again within the second that its marker names; after this it cannot any more.
_SETTLED_SECONDS = 2.0


def read_changes(context: PassContext, database: SourceDatabase, table: PhysicalTable) -> None:
    """Load everything of a physical table that may have changed since its cursor.

    Raises:
        SourceError: the database went away; what was committed stays.
    """
    queries = Queries(database, table)
    stored = context.state.cursors.get(table.name)
    if table.marker is None:
        _read_by(context, queries, table.contract.block[0] if table.contract.block else "", stored)
        return
    if stored is None or (stored[1] or "").startswith(_BACKFILL):
        stored = _backfill(context, queries, table.marker, stored)
        if stored is None:
            return
    _read_by(context, queries, table.marker, stored)


@dataclass(frozen=True)
class _Extent:
    """What a poll found behind the cursor, and when it was first seen so.

    Attributes:
        found: cursor, count of rows, greatest marker.
        is_settled: it was read when no row could change within the same marker any more.
    """

    found: tuple[int, int, int | None]
    since: float
    is_settled: bool


def tomorrow(contract: TableContract) -> int:
    """Now plus a day in the unit of the contract's marker: no cursor goes beyond it.

    A row with a marker of the far future (a hand-made edit) would otherwise move the cursor
    past every later change.
    """
    seconds = dt.datetime.now(dt.UTC).timestamp() + 86_400
    if contract.marker_unit == "seconds":
        return int(seconds)
    return int((seconds + _FILETIME_1970) * FILETIME_SECOND)


def _backfill(
    context: PassContext, queries: Queries, marker: str, stored: tuple[int, str | None] | None
) -> tuple[int, str | None] | None:
    table = queries.table
    if table.contract.block is None:
        raise ValueError(f"{table.contract.table} has no block column to read through")
    column = table.contract.block[0]
    if stored is None:
        count, newest = queries.extent(marker, "")
        if not count:
            return None
        start, position = min(newest or 0, tomorrow(table.contract)), None
    else:
        start, position = stored[0], int((stored[1] or "")[len(_BACKFILL) :])
    chunk = context.integer_option("chunk_rows", CHUNK_ROWS)
    rows = min(queries.count(), chunk)
    value = queries.value(column)
    while not context.stopping():
        after = f"WHERE {value} > {position}" if position is not None else ""
        end = queries.chunk_end(column, after, chunk)
        if end is None:
            break
        joiner = f"{after} AND" if after else "WHERE"
        frame = queries.frame(f"{joiner} {value} <= {end}", expected=rows)
        if position is None:
            frame = _with_null_keys(queries, frame)
        last = frame.height < chunk
        progress = None if last else f"{_BACKFILL}{end}"
        _load(context, table, frame, CursorMove(table.name, start, progress))
        position = end
        if last:
            break
    if context.stopping():
        return None
    if position is None:
        frame = _with_null_keys(queries, queries.frame("WHERE 1 = 0", expected=0))
        _load(context, table, frame, CursorMove(table.name, start))
    return start, None


def _with_null_keys(queries: Queries, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame plus the rows that no key range finds: they go to quarantine with their reason."""
    nulls = " OR ".join(f"{queries.value(k)} IS NULL" for k in queries.table.contract.key)
    lost = queries.frame(f"WHERE {nulls} LIMIT 10000", expected=0)
    return pl.concat([frame, lost], how="vertical_relaxed") if lost.height else frame


def _read_by(
    context: PassContext, queries: Queries, column: str, stored: tuple[int, str | None] | None
) -> None:
    table = queries.table
    value = queries.value(column)
    cursor = stored[0] if stored else 0
    overlap = _overlap(context, table)
    where = f"WHERE {queries.above(column, '>=', cursor - overlap)}" if stored else ""
    if _is_resting(context, table):
        return
    started = time.monotonic()
    count, newest = queries.extent(column, where)
    context.memory[f"rest:{table.name}"] = time.monotonic() + _REST * (time.monotonic() - started)
    seen = context.memory.get(f"extent:{table.name}")
    known = seen if isinstance(seen, _Extent) and seen.found == (cursor, count, newest) else None
    # Without a marker an edit leaves count and greatest key as they were: read again.
    if table.marker is not None and known is not None and known.is_settled:
        return
    since = known.since if known is not None else started
    chunk = context.integer_option("chunk_rows", CHUNK_ROWS)
    last_allowed = tomorrow(table.contract) if table.marker else newest or 0
    while count and not context.stopping():
        end = queries.chunk_end(column, where, chunk) if count > chunk else None
        until = f" AND {value} <= {end}" if end is not None else ""
        clause = f"{where}{until}" if where else f"WHERE 1 = 1{until}"
        frame = queries.frame(clause, expected=min(count, chunk))
        if frame.height:
            greatest = end if end is not None else newest or 0
            cursor = max(cursor, min(greatest, last_allowed))
        _load(context, table, frame, CursorMove(table.name, cursor))
        if end is None:
            break
        where = f"WHERE {queries.above(column, '>', end)}"
        count -= frame.height
    if table.marker is not None and not context.stopping():
        is_settled = table.contract.marker_unit == "filetime" or started - since >= _SETTLED_SECONDS
        context.memory[f"extent:{table.name}"] = _Extent((cursor, count, newest), since, is_settled)


def _is_resting(context: PassContext, table: PhysicalTable) -> bool:
    """Whether the last answer of this table took so long that a poll lets it be."""
    until = context.memory.get(f"rest:{table.name}")
    return not context.sweep and isinstance(until, float) and time.monotonic() < until


def _overlap(context: PassContext, table: PhysicalTable) -> int:
    if table.marker is not None:
        unit = FILETIME_SECOND if table.contract.marker_unit == "filetime" else 1
        return context.integer_option("overlap_seconds", 600) * unit
    return context.integer_option("daily_reread_days", 5) * 86_400


def _load(
    context: PassContext, table: PhysicalTable, frame: pl.DataFrame, cursor: CursorMove
) -> None:
    context.load(
        Batch(
            contract=table.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=frame,
            cursors=(cursor,),
            detail={"physical_tables": [table.name], "rows": frame.height},
            day_shift_minutes=context.day_shift_minutes,
        )
    )
