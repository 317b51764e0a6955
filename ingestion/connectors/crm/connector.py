"""One pass over a CRM: a folder of full CSV exports, or its SQL tables."""

from __future__ import annotations

from typing import Any

import polars as pl

from ingestion.batch import Batch, Completeness
from ingestion.checks import SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.contract import CONTRACTS
from ingestion.connectors.database import SourceDatabase, source_database
from ingestion.connectors.drift import watch_columns
from ingestion.connectors.full_exports import holds_rows, sync_folder
from ingestion.connectors.mt5.discovery import PhysicalTable
from ingestion.connectors.mt5.queries import Queries
from ingestion.contracts import TableContract
from ingestion.problems import Problem


def sync(context: PassContext) -> None:
    """Load the CRM's tables, all of each.

    With a ``url`` they are read by SQL: ``options.tables`` maps our table name to the CRM's
    (default ``crm_<name>``), ``options.columns`` maps, per table, our column to the CRM's.

    Raises:
        SourceError: the folder or the database cannot be read.
    """
    url = context.source.database_url()
    if url is None:
        sync_folder(context, CONTRACTS)
        return
    options = context.source.options
    with source_database(context, url, options.get("schema")) as database:
        present = {name.lower(): name for name in database.tables()}
        for contract in CONTRACTS:
            if context.stopping():
                return
            wanted = options.get("tables", {}).get(
                contract.source_table, f"crm_{contract.source_table}"
            )
            name = present.get(str(wanted).lower())
            if name is None:
                context.problems.append(_missing_table(contract, str(wanted)))
                continue
            mapping = options.get("columns", {}).get(contract.source_table, {})
            table = _bind(context, contract, name, database.columns(name), mapping)
            changed = watch_columns(context, [table.seen])[name] if table is not None else []
            context.problems.extend(changed)
            if table is not None and not changed:
                _load(context, database, table)


def _bind(
    context: PassContext,
    contract: TableContract,
    name: str,
    columns: dict[str, Any],
    mapping: dict[str, str],
) -> PhysicalTable | None:
    by_lower = {column.lower(): column for column in columns}
    bound: dict[str, tuple[str, Any]] = {}
    complete = True
    for column in contract.columns:
        theirs = str(mapping.get(column.target, column.source))
        held = by_lower.get(theirs.lower())
        if held is not None:
            bound[column.target] = (held, columns[held])
        elif column.required:
            complete = False
            context.problems.append(
                Problem(
                    contract.table,
                    "error",
                    f"Table {name} has no column {theirs}.",
                    f"map {column.target} in options.columns.{contract.source_table}",
                )
            )
    return PhysicalTable(contract, name, bound) if complete else None


def _missing_table(contract: TableContract, wanted: str) -> Problem:
    return Problem(
        contract.table,
        "error" if contract.required else "warning",
        f"The CRM has no table {wanted}.",
        f"map {contract.source_table} in options.tables, or grant SELECT on it",
    )


def _load(context: PassContext, database: SourceDatabase, table: PhysicalTable) -> None:
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
            frame=frame.with_columns(pl.lit(table.name).alias(SOURCE_TABLE)),
            complete=Completeness(everything=True),
            detail={"physical_tables": [table.name], "rows": frame.height},
        )
    )
