"""What changed between two snapshots of the lake: by mart, by row, and by which loads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from quality.comparison.changes import Compared, compare
from quality.comparison.loads import Load, lay_loads, load_details, watermark_at
from quality.comparison.money import currency_of, money_of
from quality.lake_tables import tables_at
from warehouse.connection import connect
from warehouse.errors import SnapshotError, UsageError
from warehouse.publishing import current_snapshot, resolve_snapshot
from warehouse.settings import Settings

# What marts are made of, and what loading and building keep about themselves.
_NO_MARTS = frozenset(
    {"canonical", "intermediate", "main", "meta", "pii", "raw", "reference", "staging"}
)
HEAD, PREVIOUS = "head", "previous"


@dataclass(frozen=True)
class ColumnChange:
    """One value of a row before and after."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True)
class RowChange:
    """One row that differs.

    Attributes:
        status: added, removed or changed.
        money: the change of the mart's main amount, in ``currency``.
        changes: the values that differ; of an added or removed row, all that are not NULL.
        loads: ids of the loads between the snapshots that touched the row's account or day.
    """

    mart: str
    row_key: str
    status: str
    business_date: dt.date | None
    money: Decimal | None
    currency: str | None
    changes: tuple[ColumnChange, ...]
    loads: tuple[int, ...]


@dataclass(frozen=True)
class MartChange:
    """How much of one mart differs.

    Attributes:
        money_moved: currency -> sum of the absolute changes of the mart's main amount.
        by_feed: whether DuckLake's change feed answered; the versions were compared where not.
    """

    mart: str
    added: int
    removed: int
    changed: int
    money_column: str | None
    money_moved: Mapping[str, Decimal]
    by_feed: bool


@dataclass(frozen=True)
class SnapshotDiff:
    """What changed from one snapshot to another.

    Attributes:
        marts: those that differ.
        only_old: marts that the newer snapshot has not.
        only_new: marts that the older snapshot has not.
        rows: the rows with the most money first, at most as many as asked for.
        loads: those between the two watermarks that touched a row that differs.
    """

    old: int
    new: int
    watermarks: tuple[int, int]
    marts: tuple[MartChange, ...]
    same: tuple[str, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    rows: tuple[RowChange, ...]
    loads: tuple[Load, ...]


def named_snapshot(con: duckdb.DuckDBPyConnection, settings: Settings, text: str) -> int:
    """The snapshot that a person names.

    Args:
        con: a connection to the lake's head.
        settings: the installation.
        text: an id; a date: the last one published by the end of that UTC day; ``latest`` or
            ``previous``: the one published last, or before that; ``head``.

    Raises:
        SnapshotError: none answers to it.
    """
    name = text.strip().lower()
    if name == HEAD:
        return current_snapshot(con)
    if name != PREVIOUS:
        return resolve_snapshot(text, settings)
    published = con.execute(
        """
        SELECT snapshot_id FROM lake.meta.published
        GROUP BY snapshot_id ORDER BY max(publish_id) DESC LIMIT 2
        """
    ).fetchall()
    if len(published) < 2:
        raise SnapshotError(
            "There are not two published snapshots yet.",
            todo="`daybook published` lists what was published when",
        )
    return int(published[1][0])


def diff(
    settings: Settings, old: str, new: str, *, mart: str | None = None, limit: int = 50
) -> SnapshotDiff:
    """Compare the marts of two snapshots.

    Args:
        settings: the installation.
        old: the snapshot compared with, as :func:`named_snapshot` takes it.
        new: the snapshot that is compared.
        mart: only this table, with or without its schema; None compares every mart.
        limit: so many rows at most.

    Raises:
        SnapshotError: a snapshot does not exist.
        UsageError: there is no such mart in either.
    """
    with connect("read", settings=settings) as con:
        first, last = (named_snapshot(con, settings, text) for text in (old, new))
        sides = tables_at(con, first), tables_at(con, last)
        wanted = _wanted(sides, mart)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE loads_of_rows "
            "(mart VARCHAR, row_no BIGINT, load_id BIGINT)"
        )
        watermarks = watermark_at(con, first), watermark_at(con, last)
        marts: list[MartChange] = []
        same: list[str] = []
        rows: list[RowChange] = []
        for table in sorted(set(wanted) & set(sides[0]) & set(sides[1])):
            compared = compare(
                con, table, first, last, is_same_table=sides[0][table] == sides[1][table]
            )
            found = _mart_change(con, compared)
            if not (found.added or found.removed or found.changed):
                same.append(table)
                continue
            lay_loads(con, compared, watermarks, last, sides[1])
            marts.append(found)
            rows += _row_changes(con, compared, limit)
        loads = load_details(
            con,
            [
                int(row[0])
                for row in con.execute("SELECT DISTINCT load_id FROM loads_of_rows").fetchall()
            ],
        )
    rows.sort(key=lambda row: (-abs(row.money or Decimal(0)), row.mart, row.row_key))
    return SnapshotDiff(
        old=first,
        new=last,
        watermarks=watermarks,
        marts=tuple(marts),
        same=tuple(same),
        only_old=tuple(name for name in wanted if name not in sides[1]),
        only_new=tuple(name for name in wanted if name not in sides[0]),
        rows=tuple(rows[:limit]),
        loads=tuple(loads),
    )


def _wanted(sides: tuple[dict[str, int], dict[str, int]], mart: str | None) -> list[str]:
    held = sorted(set(sides[0]) | set(sides[1]))
    marts = [name for name in held if name.partition(".")[0] not in _NO_MARTS]
    if mart is None:
        return marts
    found = [name for name in held if mart.lower() in (name, name.partition(".")[2])]
    if not found:
        raise UsageError(
            f"Neither snapshot has a table {mart}.",
            where="views follow from tables and are not compared",
            todo=f"compare one of: {', '.join(marts) or 'nothing is built'}",
        )
    return found


def _mart_change(con: duckdb.DuckDBPyConnection, compared: Compared) -> MartChange:
    counts = dict(
        con.execute(f"SELECT status, count(*) FROM {compared.changed} GROUP BY status").fetchall()
    )
    money, currency = _money(compared)
    moved = con.execute(
        f"""
        SELECT {currency} AS currency, sum(abs({money}))::DECIMAL(38, 8)
        FROM {compared.changed} GROUP BY ALL HAVING sum(abs({money})) <> 0 ORDER BY ALL
        """
    ).fetchall()
    return MartChange(
        mart=compared.table,
        added=counts.get("added", 0),
        removed=counts.get("removed", 0),
        changed=counts.get("changed", 0),
        money_column=money_of(compared.columns),
        money_moved={name or "": amount for name, amount in moved},
        by_feed=compared.by_feed,
    )


def _money(compared: Compared) -> tuple[str, str]:
    """SQL of a changed row's money, and of its currency."""
    column = money_of(compared.columns)
    if column is None:
        return "CAST(0 AS DECIMAL(38, 8))", "NULL"
    currency = currency_of(column, compared.columns)
    # What was not known counts as nothing.
    money = f'(coalesce(n."{column}", 0) - coalesce(o."{column}", 0))'
    return money, f'coalesce(n."{currency}", o."{currency}")' if currency else "NULL"


def _row_changes(con: duckdb.DuckDBPyConnection, compared: Compared, limit: int) -> list[RowChange]:
    money, currency = _money(compared)
    rows = con.execute(
        f"""
        SELECT c.row_key, c.status, c.business_date, {money}::DECIMAL(38, 8), {currency}, c.o, c.n,
            l.load_ids
        FROM {compared.changed} AS c
        LEFT JOIN (
            SELECT row_no, list_sort(list(DISTINCT load_id)) AS load_ids
            FROM loads_of_rows WHERE mart = $1 GROUP BY row_no
        ) AS l ON l.row_no = c.row_no
        ORDER BY abs({money}) DESC, c.row_key
        LIMIT {limit}
        """,
        [compared.table],
    ).fetchall()
    return [
        RowChange(
            mart=compared.table,
            row_key=row_key,
            status=status,
            business_date=day,
            money=amount if money_of(compared.columns) else None,
            currency=unit,
            changes=tuple(_values_that_differ(compared.compared, status, before, after)),
            loads=tuple(loads or ()),
        )
        for row_key, status, day, amount, unit, before, after, loads in rows
    ]


def _values_that_differ(
    columns: Sequence[str], status: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[ColumnChange]:
    if status == "changed":
        return [
            ColumnChange(name, old[name], new[name]) for name in columns if old[name] != new[name]
        ]
    return [
        ColumnChange(name, old[name], new[name])
        for name in columns
        if old[name] is not None or new[name] is not None
    ]
