"""Which tables the lake holds now, and their columns, from the lake's own catalog.

DuckDB's own lists (duckdb_tables(), duckdb_columns(), information_schema) ask every table for its
statistics or bind every view: half a second to seconds on a lake of some hundred relations.
"""

from __future__ import annotations

import duckdb

CATALOG = "__ducklake_metadata_lake"


def columns_held(con: duckdb.DuckDBPyConnection, *schemas: str) -> dict[str, set[str]]:
    """``schema.table`` -> names of its columns, of the tables (no views) of these schemas."""
    rows = con.execute(
        f"""
        SELECT s.schema_name || '.' || t.table_name AS name, list(c.column_name)
        FROM {CATALOG}.ducklake_table AS t
        JOIN {CATALOG}.ducklake_schema AS s ON s.schema_id = t.schema_id
        JOIN {CATALOG}.ducklake_column AS c ON c.table_id = t.table_id
        WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND c.end_snapshot IS NULL
            AND list_contains(?, s.schema_name)
        GROUP BY name
        """,
        [list(schemas)],
    ).fetchall()
    return {name: set(columns) for name, columns in rows}
