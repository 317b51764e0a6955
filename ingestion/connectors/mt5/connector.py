"""One pass over a MetaTrader 5 SQL export."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase, source_database
from ingestion.connectors.drift import watch_columns
from ingestion.connectors.mt5.contract import CONTRACTS
from ingestion.connectors.mt5.discovery import PhysicalTable, discover
from ingestion.connectors.mt5.incremental import read_changes
from ingestion.connectors.mt5.servers import record_server
from ingestion.connectors.mt5.sweep import reconcile
from ingestion.connectors.mt5.totals import compare_totals
from ingestion.connectors.mt5.whole import read_whole
from ingestion.problems import Problem
from warehouse.errors import SourceError

# A yearly table of a new year appears within this time of a poll loop.
_DISCOVERY_SECONDS = 60.0
_DEFAULT_LIVE_SECONDS = 10


def sync(context: PassContext) -> None:
    """Load what changed; with ``context.sweep`` also reconcile and compare control totals.

    Raises:
        SourceError: the database cannot be reached or read; what was committed stays.
    """
    url = context.source.database_url()
    if url is None:
        raise SourceError("An mt5 source needs a database URL.", where=context.source.name)
    schema = context.source.options.get("schema")
    with source_database(context, url, schema) as database:
        tables = _tables(context, database)
        for contract in CONTRACTS:
            if contract is CONTRACTS[1] and context.sweep:
                # After mt5_time, before the first row that is read by this clock.
                record_server(context)
            physical = tables[contract.table]
            if not physical or context.stopping():
                continue
            if contract.versioning == "live" and not _live_is_due(context, contract.table):
                continue
            if contract.versioning != "marker":
                read_whole(context, database, physical[0])
                continue
            for table in physical:
                read_changes(context, database, table)
            if context.sweep and not context.stopping():
                reconcile(context, database, physical)
                compare_totals(context, database, physical)


@dataclass(frozen=True)
class _Discovery:
    at: float
    tables: dict[str, list[PhysicalTable]]
    problems: list[Problem]


def _tables(context: PassContext, database: SourceDatabase) -> dict[str, list[PhysicalTable]]:
    known = context.memory.get("discovery")
    if (
        context.sweep
        or not isinstance(known, _Discovery)
        or time.monotonic() - known.at > _DISCOVERY_SECONDS
    ):
        keep_others = context.source.options.get("keep_extra_columns") is True
        tables, problems = discover(database, CONTRACTS, keep_others=keep_others)
        problems += _vanished(context, tables)
        problems += _without_changed(context, tables)
        known = _Discovery(time.monotonic(), tables, problems)
        context.memory["discovery"] = known
    context.problems.extend(known.problems)
    return known.tables


def _without_changed(context: PassContext, tables: dict[str, list[PhysicalTable]]) -> list[Problem]:
    """Take out the tables that lost a column that was read before, and say so."""
    changed = watch_columns(context, [table.seen for group in tables.values() for table in group])
    for name, group in tables.items():
        tables[name] = [table for table in group if not changed[table.name]]
    return [problem for problems in changed.values() for problem in problems]


def _vanished(context: PassContext, tables: dict[str, list[PhysicalTable]]) -> list[Problem]:
    """Physical tables that were read before and are not there any more."""
    present = {table.name for group in tables.values() for table in group}
    return [
        Problem(
            table=name,
            severity="warning",
            what=f"Table {name} was loaded before and cannot be read any more.",
            todo="its rows are kept as they were; bring it back if it was renamed by mistake",
        )
        for name in sorted(context.state.cursors)
        if name not in present
    ]


def _live_is_due(context: PassContext, table: str) -> bool:
    remembered = f"live:{table}"
    at = context.memory.get(remembered)
    now = time.monotonic()
    wait = context.integer_option("live_seconds", _DEFAULT_LIVE_SECONDS)
    if not context.sweep and isinstance(at, float) and now - at < wait:
        return False
    context.memory[remembered] = now
    return True
