"""Which rows of a table differ between two snapshots of the lake.

Two ways lead to the same answer. While a table stays the same one, DuckLake's change feed tells
what was written and deleted between the snapshots: the cost follows that, and not the table. Where
a build made the table anew, both versions are compared, a checksum of key buckets first. A row
that was deleted and written again as it was is no change in either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from quality.comparison.grain import keys
from quality.lake_tables import tables_at

# Which load or build wrote a row is no part of what it says.
_PROVENANCE = frozenset({"load_id", "raw_row_id", "build_id", "booked_at"})
# What says whose a row is and of which day.
_IDENTITY = ("tenant_id", "server_id", "login", "account_key", "business_date")
_BUCKETS = 4096


@dataclass(frozen=True)
class Compared:
    """A table whose differing rows lie in the temporary table ``changed``.

    It has ``row_no``, ``status`` (added, removed, changed), ``row_key``, ``tenant_id``,
    ``server_id``, ``login`` and ``business_date`` (NULL where the table has none), and the whole
    row before and after as structs ``o`` and ``n``.

    Attributes:
        table: ``schema.table``.
        key: the columns of its key; empty where none is documented: rows are added or removed then.
        columns: name -> type of the columns that both versions have.
        by_feed: whether the change feed answered.
    """

    table: str
    key: tuple[str, ...]
    columns: dict[str, str]
    changed: str
    by_feed: bool

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns that count: all but the key, and what only says who wrote the row."""
        return tuple(
            name for name in self.columns if name not in self.key and name not in _PROVENANCE
        )


def compare(
    con: duckdb.DuckDBPyConnection,
    table: str,
    old: int,
    new: int,
    *,
    changed: str = "changed",
    where: str = "",
    only: Sequence[str] = (),
    is_same_table: bool | None = None,
) -> Compared:
    """Lay the rows of a table that differ between two snapshots into a temporary table.

    Args:
        con: a connection to the lake's head.
        table: ``schema.table``; it is there in both snapshots.
        old: the snapshot compared with.
        new: the snapshot that is compared.
        changed: name of the temporary table.
        where: a condition on rows of either side, over their columns.
        only: compare these columns beside the key; empty: all.
        is_same_table: whether no build made the table anew in between; None asks the catalog.
    """
    first, last = min(old, new), max(old, new)
    columns = _common_columns(con, table, old, new)
    key = tuple(name for name in keys().get(table.partition(".")[2], ()) if name in columns)
    if only:
        columns = {
            name: columns[name]
            for name in columns
            if name in key or name in only or name in _IDENTITY
        }
    compared = [name for name in columns if name not in _PROVENANCE or name in key]
    by_feed = is_same_table
    if by_feed is None:
        by_feed = tables_at(con, old).get(table) == tables_at(con, new).get(table)
    filtered = f"WHERE {where}" if where else ""
    if by_feed:
        _lay_from_feed(con, table, first, last, columns, filtered, new_is_last=new == last)
    else:
        _lay_from_versions(con, table, old, new, key, columns, filtered)
    # What was deleted and written again alike cancels out.
    listed = _list(compared)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE net AS
        SELECT {listed}, sum(turn) AS turn
        FROM moved
        GROUP BY ALL
        HAVING sum(turn) <> 0
        """
    )
    _pair(con, compared, key or tuple(compared), changed)
    return Compared(table, key, {name: columns[name] for name in compared}, changed, by_feed)


def _common_columns(
    con: duckdb.DuckDBPyConnection, table: str, old: int, new: int
) -> dict[str, str]:
    sides = [
        {
            str(row[0]): str(row[1])
            for row in con.execute(
                f"DESCRIBE SELECT * FROM lake.{table} AT (VERSION => {snapshot})"
            ).fetchall()
        }
        for snapshot in (old, new)
    ]
    return {name: kind for name, kind in sides[1].items() if name in sides[0]}


def _list(names: Sequence[str], alias: str = "") -> str:
    return ", ".join(f'{alias}"{name}"' for name in names)


def _lay_from_feed(
    con: duckdb.DuckDBPyConnection,
    table: str,
    first: int,
    last: int,
    columns: dict[str, str],
    filtered: str,
    *,
    new_is_last: bool,
) -> None:
    schema, _, name = table.partition(".")
    listed = _list(list(columns))
    written, gone = (1, -1) if new_is_last else (-1, 1)
    if first == last:
        _lay_nothing(con, table, listed)
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT {listed}, {written} AS turn
        FROM ducklake_table_insertions('lake', '{schema}', '{name}', {first + 1}, {last})
        {filtered}
        UNION ALL
        SELECT {listed}, {gone} AS turn
        FROM ducklake_table_deletions('lake', '{schema}', '{name}', {first + 1}, {last})
        {filtered}
        """
    )


def _lay_nothing(con: duckdb.DuckDBPyConnection, table: str, listed: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE moved AS SELECT {listed}, 0 AS turn "
        f"FROM lake.{table} LIMIT 0"
    )


def _lay_from_versions(
    con: duckdb.DuckDBPyConnection,
    table: str,
    old: int,
    new: int,
    key: tuple[str, ...],
    columns: dict[str, str],
    filtered: str,
) -> None:
    listed = _list(list(columns))
    counted = _list([name for name in columns if name not in _PROVENANCE or name in key])
    bucket = f"hash({_list(key) if key else counted}) % {_BUCKETS}"
    for side, snapshot in (("old", old), ("new", new)):
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {side}_buckets AS
            SELECT {bucket} AS bucket, count(*) AS held, sum(hash({counted})::HUGEINT) AS digest
            FROM lake.{table} AT (VERSION => {snapshot})
            {filtered}
            GROUP BY bucket
            """
        )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE differing_buckets AS
        SELECT coalesce(o.bucket, n.bucket) AS bucket
        FROM old_buckets AS o
        FULL JOIN new_buckets AS n ON n.bucket = o.bucket
        WHERE o.held IS DISTINCT FROM n.held OR o.digest IS DISTINCT FROM n.digest
        """
    )
    if not con.execute("SELECT 1 FROM differing_buckets LIMIT 1").fetchall():
        _lay_nothing(con, table, listed)
        return
    in_bucket = f"{bucket} IN (SELECT bucket FROM differing_buckets)"
    also = f"{filtered} AND {in_bucket}" if filtered else f"WHERE {in_bucket}"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT {listed}, -1 AS turn FROM lake.{table} AT (VERSION => {old}) {also}
        UNION ALL
        SELECT {listed}, 1 AS turn FROM lake.{table} AT (VERSION => {new}) {also}
        """
    )


def _pair(
    con: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    key: tuple[str, ...],
    changed: str,
) -> None:
    """Put the row before and the row after side by side."""
    same = " AND ".join(f'n."{name}" IS NOT DISTINCT FROM o."{name}"' for name in key)
    key_text = ", ".join(f'CAST(coalesce(n."{name}", o."{name}") AS VARCHAR)' for name in key)
    listed = _list(columns)

    def either(name: str, kind: str) -> str:
        if name in columns:
            return f'coalesce(n."{name}", o."{name}") AS {name}'
        if name == "login" and "account_key" in columns:
            account = "coalesce(n.account_key, o.account_key)"
            return f"TRY_CAST(split_part({account}, '/', 3) AS BIGINT) AS login"
        return f"CAST(NULL AS {kind}) AS {name}"

    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {changed} AS
        WITH o AS (SELECT {listed}, true AS is_there FROM net WHERE turn < 0),
        n AS (SELECT {listed}, true AS is_there FROM net WHERE turn > 0)
        SELECT
            row_number() OVER () AS row_no,
            CASE
                WHEN o.is_there IS NULL THEN 'added'
                WHEN n.is_there IS NULL THEN 'removed'
                ELSE 'changed'
            END AS status,
            concat_ws('/', {key_text}) AS row_key,
            {either("tenant_id", "VARCHAR")}, {either("server_id", "VARCHAR")},
            {either("login", "BIGINT")}, {either("business_date", "DATE")},
            o, n
        FROM o
        FULL JOIN n ON {same}
        """
    )
