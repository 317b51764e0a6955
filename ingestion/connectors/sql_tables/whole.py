"""Tables read whole: reference data kept by versions, and live state that only has a newest."""

from __future__ import annotations

from ingestion.batch import Batch, Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.full_exports import holds_rows
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.queries import Queries
from ingestion.problems import Problem

# Columns that move when a row does; where a table has one, its checksum saves a whole read.
_MARKERS = ("timestamp", "timestamp_trade", "modify_time")


def read_whole(context: PassContext, database: SourceDatabase, table: PhysicalTable) -> None:
    """Load all rows of a table; rows held and not in it any more become tombstones.

    Raises:
        SourceError: the database went away.
    """
    queries = Queries(database, table)
    markers = [name for name in _MARKERS if table.has(name)]
    remembered = f"signature:{table.contract.table}"
    signature = queries.signature(markers) if markers else None
    if signature is not None and not context.sweep and context.memory.get(remembered) == signature:
        return
    frame = queries.frame(expected=queries.count())
    contract = table.contract
    if not frame.height and contract.versioning != "live" and holds_rows(context, contract):
        context.problems.append(empty_table(table))
        return
    context.load(
        Batch(
            contract=contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=frame,
            complete=Completeness(everything=True),
            detail={"physical_tables": [table.name], "rows": frame.height},
        )
    )
    context.memory[remembered] = signature


def empty_table(table: PhysicalTable) -> Problem:
    """A table that held rows is empty: a re-synchronisation under way, or a mistake."""
    return Problem(
        table=table.contract.table,
        severity="error",
        what=f"Table {table.name} is empty, but its rows were loaded before.",
        todo="nothing was deleted here; wait for the platform's re-synchronisation, or "
        "remove the source if it is gone for good",
    )
