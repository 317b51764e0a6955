"""The CRM's SQL tables: whole ones with their deletions, event tables by a cursor column."""

from __future__ import annotations

from typing import Any

import polars as pl

from ingestion.batch import Batch, Completeness
from ingestion.checks import SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.contract import CONTRACTS
from ingestion.connectors.database import SourceDatabase, source_database
from ingestion.connectors.drift import watch_columns
from ingestion.connectors.event_tables import CursorColumn, Shaped, read_events
from ingestion.connectors.full_exports import holds_rows
from ingestion.connectors.mapping import MappedTable, Mapping
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.queries import Queries
from ingestion.contracts import TableContract
from ingestion.problems import Problem


def sync_tables(context: PassContext, url: str, mapping: Mapping) -> None:
    """Load the tables of a CRM's database.

    Raises:
        SourceError: the database cannot be reached or read; what was committed stays.
    """
    schema = context.source.options.get("schema")
    with source_database(context, url, schema) as database:
        present = {name.lower(): name for name in database.tables()}
        for contract in CONTRACTS:
            if context.stopping():
                return
            wanted = mapping.tables.get(contract.source_table, f"crm_{contract.source_table}")
            name = present.get(wanted.lower())
            if name is None:
                if not contract.optional or holds_rows(context, contract):
                    context.problems.append(_missing_table(contract, wanted))
                continue
            mapped = mapping.of(contract)
            columns = database.columns(name)
            table = bind(context, mapped.contract, name, columns, contract.source_table)
            if table is None:
                continue
            cursor = _cursor(context, mapped, table, columns)
            if cursor is None:
                read_whole(context, database, table, mapped.shaped)
            else:
                read_events(context, database, table, cursor, mapped.shaped)


def bind(
    context: PassContext,
    contract: TableContract,
    name: str,
    columns: dict[str, Any],
    section: str = "",
) -> PhysicalTable | None:
    """The table under its contract; None where a column is missing that is required or was read
    before, which is noted.

    Args:
        section: of ``options.columns`` that maps its columns; empty where none does.
    """
    by_lower = {column.lower(): column for column in columns}
    bound: dict[str, tuple[str, Any]] = {}
    complete = True
    for column in contract.columns:
        held = by_lower.get(column.source.lower())
        if held is not None:
            bound[column.target] = (held, columns[held])
        elif column.required:
            complete = False
            context.problems.append(
                Problem(
                    contract.table,
                    "error",
                    f"Table {name} has no column {column.source}.",
                    f"map {column.target} in options.columns.{section}"
                    if section
                    else "grant SELECT on it, or read a version of the database that has it",
                )
            )
    if not complete:
        return None
    read = {held for held, _ in bound.values()}
    others = {column: held for column, held in columns.items() if column not in read}
    table = PhysicalTable(contract, name, bound, others)
    changed = watch_columns(context, [table.seen])[table.seen.place]
    context.problems.extend(changed)
    return None if changed else table


def _missing_table(contract: TableContract, wanted: str) -> Problem:
    return Problem(
        contract.table,
        "error" if contract.required else "warning",
        f"The CRM has no table {wanted}.",
        f"map {contract.source_table} in options.tables, or grant SELECT on it",
    )


def _cursor(
    context: PassContext, mapped: MappedTable, table: PhysicalTable, columns: dict[str, Any]
) -> CursorColumn | None:
    if mapped.cursor is None:
        marker = table.contract.marker
        if not marker or not table.has(marker) or mapped.formats.get(marker):
            # Texts in a form of their own do not sort as times do.
            return None
        return CursorColumn(*table.columns[marker], zone=mapped.zone)
    if not mapped.cursor:
        return None
    for name, held in columns.items():
        if name.lower() == mapped.cursor.lower():
            return CursorColumn(name, held, zone=mapped.zone)
    context.problems.append(
        Problem(
            table.contract.table,
            "warning",
            f"Table {table.name} has no column {mapped.cursor} to be read by: it is read whole.",
            "correct it in options.cursors",
        )
    )
    return None


def read_whole(
    context: PassContext, database: SourceDatabase, table: PhysicalTable, shaped: Shaped
) -> None:
    """Load all rows of a table; rows held and not in it any more become tombstones.

    Args:
        shaped: makes of the rows what the contract expects.
    """
    queries = Queries(database, table)
    frame = database.read(queries.rows(), queries.count())
    if not frame.height and holds_rows(context, table.contract):
        context.problems.append(
            Problem(
                table.contract.table,
                "error",
                f"Table {table.name} is empty, but its rows were loaded before.",
                "nothing was deleted here; check the CRM",
            )
        )
        return
    context.load(
        Batch(
            contract=table.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=shaped(frame).with_columns(pl.lit(table.name).alias(SOURCE_TABLE)),
            complete=Completeness(everything=True),
            detail={"physical_tables": [table.name], "rows": frame.height},
        )
    )
