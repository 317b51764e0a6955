"""One pass over the tables of a platform: each by the way its contract says."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.drift import watch_columns
from ingestion.connectors.sql_tables.discovery import PhysicalTable, discover
from ingestion.connectors.sql_tables.incremental import read_changes
from ingestion.connectors.sql_tables.sweep import reconcile
from ingestion.connectors.sql_tables.totals import compare_totals
from ingestion.connectors.sql_tables.whole import read_whole
from ingestion.contracts import TableContract
from ingestion.problems import Problem

# A yearly table of a new year appears within this time of a poll loop.
_DISCOVERY_SECONDS = 60.0
_DEFAULT_LIVE_SECONDS = 10


def read_tables(
    context: PassContext, database: SourceDatabase, groups: list[list[PhysicalTable]]
) -> None:
    """Load what changed; with ``context.sweep`` also reconcile and compare control totals.

    Args:
        groups: the physical tables of each contract, in the order they are to be read.

    Raises:
        SourceError: the database went away; what was committed stays.
    """
    for physical in groups:
        if not physical or context.stopping():
            continue
        contract = physical[0].contract
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


def find_tables(
    context: PassContext, database: SourceDatabase, contracts: tuple[TableContract, ...]
) -> dict[str, list[PhysicalTable]]:
    """The usable physical tables of each contract, by ``contract.table``; notes what is wrong.

    A poll loop looks again after a minute: a yearly table appears, a column is renamed.

    Raises:
        SourceError: the database does not answer.
    """
    known = context.memory.get("discovery")
    if (
        context.sweep
        or not isinstance(known, _Discovery)
        or time.monotonic() - known.at > _DISCOVERY_SECONDS
    ):
        keep_others = context.source.options.get("keep_extra_columns") is True
        tables, problems = discover(database, contracts, keep_others=keep_others)
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
        tables[name] = [table for table in group if not changed[table.seen.place]]
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
