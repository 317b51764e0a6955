"""One pass over a MetaTrader 4 report database."""

from __future__ import annotations

from dataclasses import replace

from ingestion.connectors.context import PassContext
from ingestion.connectors.database import source_database
from ingestion.connectors.mt4.contract import CONTRACTS, TRADES, USERS
from ingestion.connectors.mt4.reference import missing_reference
from ingestion.connectors.servers import record_server, require_clock
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.passes import find_tables, read_tables
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from warehouse.errors import SettingsError, SourceError

_MARKERS = ("modify_time", "timestamp")
_REFERENCE = "missing reference"


def sync(context: PassContext) -> None:
    """Load what changed; with ``context.sweep`` also reconcile and compare control totals.

    ``options.marker`` chooses the change marker, ``modify_time`` (default) or ``timestamp``.

    Raises:
        SettingsError: the marker is none of the two, or no clock is configured.
        SourceError: the database cannot be reached or read; what was committed stays.
    """
    source = context.source
    url = source.database_url()
    if url is None:
        raise SourceError("An mt4 source needs a database URL.", where=source.name)
    require_clock(source)
    contracts = _contracts(context)
    with source_database(context, url, source.options.get("schema")) as database:
        if context.sweep:
            record_server(context)
        tables = find_tables(context, database, contracts)
        groups = [[_marked(table) for table in tables[c.table]] for c in contracts]
        context.problems.extend(_unmarked(groups))
        read_tables(context, database, groups)
    if context.sweep or _REFERENCE not in context.memory:
        context.memory[_REFERENCE] = missing_reference(context, TRADES, USERS)
    known = context.memory[_REFERENCE]
    if isinstance(known, list):
        context.problems.extend(known)


def _contracts(context: PassContext) -> tuple[TableContract, ...]:
    marker = str(context.source.options.get("marker", _MARKERS[0])).lower()
    if marker not in _MARKERS:
        raise SettingsError(
            f"options.marker is no change marker of MetaTrader 4: {marker}.",
            where=f"source {context.source.name}",
            todo=f"use one of: {', '.join(_MARKERS)}",
        )
    return tuple(
        replace(contract, marker=marker)
        if contract.versioning == "marker" and marker in {c.target for c in contract.columns}
        else contract
        for contract in CONTRACTS
    )


def _marked(table: PhysicalTable) -> PhysicalTable:
    """The table under the marker it has, where it lacks the one that was asked for."""
    if table.contract.versioning != "marker" or table.marker is not None:
        return table
    for name in _MARKERS:
        if table.has(name):
            return replace(table, contract=replace(table.contract, marker=name))
    return table


def _unmarked(groups: list[list[PhysicalTable]]) -> list[Problem]:
    return [
        Problem(
            table.contract.table,
            "warning",
            f"Table {table.name} has no change marker (MODIFY_TIME or TIMESTAMP).",
            "its newest rows are read again by each poll, changes of older ones are found by the "
            "sweep (options.sweep_seconds); export a marker to have them at once",
        )
        for group in groups
        for table in group
        if table.contract.versioning == "marker" and table.marker is None
    ]
