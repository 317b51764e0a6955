"""Which tables and views the attached lake holds, now or at a snapshot."""

from __future__ import annotations

import duckdb

from warehouse.lake_columns import CATALOG


def held_tables(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """``schema.name`` of every table and view of the lake, as of the connection's snapshot."""
    [(snapshot,)] = con.execute("FROM ducklake_current_snapshot('lake')").fetchall()
    return held_at(con, int(snapshot))


def tables_at(con: duckdb.DuckDBPyConnection, snapshot: int) -> dict[str, int]:
    """``schema.name`` -> id of every table (no views) of the lake at a snapshot."""
    return _named_at(con, "table", snapshot)


def held_at(con: duckdb.DuckDBPyConnection, snapshot: int) -> frozenset[str]:
    """``schema.name`` of every table and view of the lake at a snapshot."""
    return frozenset(_named_at(con, "table", snapshot) | _named_at(con, "view", snapshot))


def _named_at(con: duckdb.DuckDBPyConnection, kind: str, snapshot: int) -> dict[str, int]:
    rows = con.execute(
        f"""
        SELECT s.schema_name || '.' || t.{kind}_name, t.{kind}_id
        FROM {CATALOG}.ducklake_{kind} AS t
        JOIN {CATALOG}.ducklake_schema AS s ON s.schema_id = t.schema_id
        WHERE t.begin_snapshot <= $1 AND (t.end_snapshot IS NULL OR t.end_snapshot > $1)
            AND s.begin_snapshot <= $1 AND (s.end_snapshot IS NULL OR s.end_snapshot > $1)
        """,
        [snapshot],
    ).fetchall()
    return {name: int(number) for name, number in rows}
