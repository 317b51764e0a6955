"""Which tables and views the attached lake holds."""

from __future__ import annotations

import duckdb


def held_tables(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """``schema.name`` of every table and view of the lake, as of the connection's snapshot."""
    rows = con.execute(
        """
        SELECT table_schema || '.' || table_name
        FROM information_schema.tables
        WHERE table_catalog = 'lake'
        """
    ).fetchall()
    return frozenset(name for (name,) in rows)
