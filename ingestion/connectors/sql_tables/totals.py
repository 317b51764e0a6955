"""Control totals, by business day and of the whole table: the source's own SQL against our rows.

Key blocks are compared by Timestamp (see sweep.py), so an edit that left its Timestamp alone is
found only here: the sums of its day differ, and that day is read again.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from ingestion.batch import Batch
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.connectors.sql_tables.incremental import CHUNK_ROWS, read_changes
from ingestion.connectors.sql_tables.queries import (
    Queries,
    day_number,
    overlapping,
    totals_by_day,
    winner_clause,
)
from ingestion.control_totals import Total, record_totals
from ingestion.measures import measures
from ingestion.problems import Problem
from ingestion.raw_tables import targets
from ingestion.versions import current_rows
from warehouse.sql_text import quoted

_ATTEMPTS = 3
# Days up to the newest one whose totals are recorded though nothing touched them.
_NEAR_DAYS = 7
_EPOCH = dt.date(1970, 1, 1)

Totals = dict[int | None, dict[str, int]]


def compare_totals(
    context: PassContext, database: SourceDatabase, tables: list[PhysicalTable]
) -> None:
    """Compare a logical table with its source, day by day, and record what was found.

    Only rows up to the newest one held are compared, because the source goes on living; a
    difference is looked at again after another read, then the days that differ are read whole,
    then it is recorded. Measures ``day_...`` are those of one business day, ``table_...`` of all.

    Raises:
        SourceError: the database went away.
    """
    theirs: Totals = {}
    ours: Totals = {}
    differing: list[int | None] = []
    reloaded: set[int] = set()
    for attempt in range(_ATTEMPTS):
        limit = _newest(context, tables)
        theirs = totals_by_day(database, tables, limit, context.day_shift_minutes)
        ours = _ours(context, tables, limit)
        differing = [
            day
            for day in theirs.keys() | ours.keys()
            if any(_value(ours, day, name) != value for name, value in _held(theirs, ours, day))
        ]
        if not differing or attempt + 1 == _ATTEMPTS or context.stopping():
            break
        for table in tables:
            read_changes(context, database, table)
        if attempt:
            days = _not_tried(context, tables[0], differing, theirs, ours)
            _reload(context, database, tables, days, theirs)
            reloaded.update(days)
    _report(context, tables[0], reloaded, differing, theirs, ours)
    record_totals(
        context, tables[0].contract.table, _whole(theirs, ours) + _by_day(theirs, ours, differing)
    )


def _limit_column(tables: list[PhysicalTable]) -> str:
    contract = tables[0].contract
    return tables[0].marker or (contract.block[0] if contract.block else contract.key[0])


def _newest(context: PassContext, tables: list[PhysicalTable]) -> int:
    cursors = (context.state.cursors.get(table.name, (0, None))[0] for table in tables)
    return max(cursors)


def _value(totals: Totals, day: int | None, name: str) -> int:
    return totals.get(day, {}).get(name, 0)


def _held(theirs: Totals, ours: Totals, day: int | None) -> list[tuple[str, int]]:
    """Measures of a day with the source's values; those that only we know are none."""
    if day in theirs:
        return list(theirs[day].items())
    names = {name for values in theirs.values() for name in values} or {"count"}
    return [(name, 0) for name in ours.get(day, {}) if name in names]


def _ours(context: PassContext, tables: list[PhysicalTable], limit: int) -> Totals:
    contract = tables[0].contract
    target = targets(contract)[0]
    wanted = measures(contract)
    day = "_business_date - DATE '1970-01-01'" if target.dated else "NULL"
    rows = context.con.execute(
        f"SELECT {day}, {', '.join(measure.in_warehouse for measure in wanted)} "
        f"FROM {current_rows(target).format(range='')} "
        f"WHERE NOT _is_deleted AND {quoted(_limit_column(tables))} <= $limit "
        "AND list_contains($tables, _source_table) GROUP BY 1",
        {
            "tenant": context.source.tenant,
            "source": context.source.name,
            "limit": limit,
            "tables": [table.name for table in tables],
        },
    ).fetchall()
    return {
        number: {m.name: int(value or 0) for m, value in zip(wanted, values, strict=True)}
        for number, *values in rows
    }


def _not_tried(
    context: PassContext,
    table: PhysicalTable,
    differing: list[int | None],
    theirs: Totals,
    ours: Totals,
) -> list[int]:
    """The days to read again: one that was read with the same outcome stays as it is.

    Its difference is a row in quarantine, say, and reading it at every sweep would not mend it.
    """
    remembered = f"reloaded:{table.contract.table}"
    tried = context.memory.get(remembered)
    now = {
        day: (_held(theirs, ours, day), _held(ours, theirs, day))
        for day in differing
        if day is not None
    }
    context.memory[remembered] = now
    return sorted(
        day for day, seen in now.items() if not isinstance(tried, dict) or tried.get(day) != seen
    )


def _reload(
    context: PassContext,
    database: SourceDatabase,
    tables: list[PhysicalTable],
    days: list[int],
    theirs: Totals,
) -> None:
    """Read whole business days again; neighbouring days together, up to a chunk of rows."""
    chunk = context.integer_option("chunk_rows", CHUNK_ROWS)
    ranges: list[tuple[int, int, int]] = []
    for day in days:
        rows = _value(theirs, day, "count")
        if ranges and day == ranges[-1][1] + 1 and ranges[-1][2] + rows <= chunk:
            ranges[-1] = (ranges[-1][0], day, ranges[-1][2] + rows)
        else:
            ranges.append((day, day, rows))
    rivals = overlapping(database, tables) if ranges else {}
    for first, last, rows in ranges:
        if context.stopping():
            return
        frames = []
        for position, table in enumerate(tables):
            wins = winner_clause(database, tables, position, rivals[table.name])
            number = day_number(database, table, context.day_shift_minutes, "a")
            where = f"WHERE {number} BETWEEN {first} AND {last}" + (f" AND {wins}" if wins else "")
            frames.append(Queries(database, table).frame(where, "a", rows))
        names = [table.name for table in tables]
        context.load(
            Batch(
                contract=tables[0].contract,
                tenant=context.source.tenant,
                source=context.source.name,
                kind=context.source.kind,
                frame=pl.concat(frames, how="diagonal_relaxed"),
                detail={
                    "physical_tables": names,
                    "business_dates": [str(_date(first)), str(_date(last))],
                    "reason": "control totals differed",
                },
                day_shift_minutes=context.day_shift_minutes,
            )
        )


def _report(
    context: PassContext,
    table: PhysicalTable,
    reloaded: set[int],
    differing: list[int | None],
    theirs: Totals,
    ours: Totals,
) -> None:
    repaired = sorted(reloaded - set(differing))
    if repaired:
        context.problems.append(
            Problem(
                table.contract.table,
                "warning",
                f"{_named(repaired)} of {table.contract.source_table} differed from the source "
                "though no Timestamp had moved; read again, equal now.",
                "ask who changes the export by hand: edits should move Timestamp",
            )
        )
    for day in sorted(day for day in differing if day is not None):
        told = ", ".join(
            f"{name} {value} there, {_value(ours, day, name)} here"
            for name, value in _held(theirs, ours, day)
            if value != _value(ours, day, name)
        )
        context.problems.append(
            Problem(
                table.contract.table,
                "warning",
                f"{_named([day])} of {table.contract.source_table} differs from the source "
                f"({told}).",
                "see the quarantine: rows there are counted by the source; else ask its operator",
            )
        )


def _named(days: list[int]) -> str:
    names = [str(_date(day)) for day in days[:5]]
    more = f" and {len(days) - 5} more" if len(days) > 5 else ""
    return f"Business day {', '.join(names)}{more}"


def _date(day: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=day)


def _whole(theirs: Totals, ours: Totals) -> list[Total]:
    names = {name: None for values in theirs.values() for name in values}
    return [
        Total(
            f"table_{name}",
            None,
            Decimal(sum(values.get(name, 0) for values in theirs.values())),
            Decimal(sum(values.get(name, 0) for values in ours.values())),
        )
        for name in names
    ]


def _by_day(theirs: Totals, ours: Totals, differing: list[int | None]) -> list[Total]:
    days = sorted(day for day in theirs.keys() | ours.keys() if day is not None)
    near = set(days[-_NEAR_DAYS:])
    return [
        Total(
            f"day_{name}",
            _date(day),
            Decimal(value),
            Decimal(_value(ours, day, name)),
            is_near=day in near or day in differing,
        )
        for day in days
        for name, value in _held(theirs, ours, day)
    ]
