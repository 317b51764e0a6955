"""Reconciles whole tables with the source: what was deleted, edited unseen, or missed.

A deletion moves no change marker, so no cursor sees it. Each block of keys is compared by count and
checksum, computed by the source and by DuckDB; only blocks that differ are read again, and of
those the batch is the whole truth.
"""

from __future__ import annotations

import polars as pl

from ingestion.batch import Batch, Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.dialects import MODULUS
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.incremental import CHUNK_ROWS
from ingestion.connectors.sql_tables.queries import (
    Queries,
    block_sums,
    checksum,
    overlapping,
    winner_clause,
)
from ingestion.connectors.sql_tables.whole import empty_table
from ingestion.measures import floor
from ingestion.raw_tables import targets
from ingestion.versions import current_rows
from warehouse.sql_text import quoted


def reconcile(context: PassContext, database: SourceDatabase, tables: list[PhysicalTable]) -> None:
    """Bring the lake's current rows of one logical table in line with the source.

    Args:
        tables: its physical tables (yearly ones included); not empty.

    Raises:
        SourceError: the database went away.
    """
    contract = tables[0].contract
    if contract.block is None:
        return
    width = contract.block[1]
    theirs = block_sums(database, tables)
    ours = _our_sums(context, tables)
    if ours and not theirs:
        context.problems.append(empty_table(tables[0]))
        return
    differing = sorted(
        block for block in theirs.keys() | ours.keys() if theirs.get(block) != ours.get(block)
    )
    rivals = overlapping(database, tables) if differing else {}
    for first, last in _ranges(differing, theirs, context.integer_option("chunk_rows", CHUNK_ROWS)):
        if context.stopping():
            return
        low, high = first * width, last * width + width - 1
        _reread(context, database, tables, rivals, low, high)


def _our_sums(context: PassContext, tables: list[PhysicalTable]) -> dict[int, tuple[int, int]]:
    contract = tables[0].contract
    if contract.block is None:
        return {}
    column, width = contract.block
    target = targets(contract)[0]
    rows = context.con.execute(
        f"SELECT {quoted(column)} // {width}, count(*), "
        f"sum({checksum(tables[0], quoted, _modulo, floor)}) "
        f"FROM {current_rows(target).format(range='')} "
        "WHERE NOT _is_deleted AND list_contains($tables, _source_table) GROUP BY 1",
        {
            "tenant": context.source.tenant,
            "source": context.source.name,
            "tables": [table.name for table in tables],
        },
    ).fetchall()
    return {int(block): (int(count), int(total or 0)) for block, count, total in rows}


def _modulo(expression: str) -> str:
    return f"({expression} % {MODULUS})"


def _ranges(
    blocks: list[int], sums: dict[int, tuple[int, int]], chunk: int
) -> list[tuple[int, int]]:
    """Neighbouring blocks joined, up to a chunk of rows."""
    ranges: list[tuple[int, int]] = []
    rows = 0
    for block in blocks:
        count = sums.get(block, (0, 0))[0]
        if ranges and block == ranges[-1][1] + 1 and rows + count <= chunk:
            ranges[-1] = (ranges[-1][0], block)
            rows += count
        else:
            ranges.append((block, block))
            rows = count
    return ranges


def _reread(
    context: PassContext,
    database: SourceDatabase,
    tables: list[PhysicalTable],
    rivals: dict[str, list[int]],
    low: int,
    high: int,
) -> None:
    contract = tables[0].contract
    frames = []
    for position, table in enumerate(tables):
        queries = Queries(database, table)
        column = queries.value(contract.block[0] if contract.block else contract.key[0], "a")
        wins = winner_clause(database, tables, position, rivals[table.name])
        where = f"WHERE {column} BETWEEN {low} AND {high}" + (f" AND {wins}" if wins else "")
        frames.append(queries.frame(where, "a"))
    names = tuple(table.name for table in tables)
    context.load(
        Batch(
            contract=contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=pl.concat(frames, how="diagonal_relaxed"),
            complete=Completeness(low=low, high=high, physical_tables=names),
            detail={"physical_tables": list(names), "keys": [low, high], "reason": "sweep"},
            day_shift_minutes=context.day_shift_minutes,
        )
    )
