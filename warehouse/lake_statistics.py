"""Statistics of tables that never held a row, which DuckLake does not write.

DuckLake keeps a table's statistics with its first row. Until then every question of DuckDB's
optimizer, one a column, reads the statistics of the whole lake from the catalog again and finds
nothing: reading an empty table of twenty columns takes 0.2 s, one with rows 0.01 s. A broker has a
fraction of the sources whose tables the lake lays, and most models read many of them.

What is written here is what DuckLake writes itself for a table without rows: with the first row it
begins them anew (tests/warehouse/test_lake_statistics.py holds it to that).
"""

from __future__ import annotations

import duckdb

from warehouse.lake_columns import CATALOG
from warehouse.settings import Settings
from warehouse.writer import transaction

_UNKNOWN = f"""
    SELECT t.table_id
    FROM {CATALOG}.ducklake_table AS t
    WHERE t.end_snapshot IS NULL
        AND t.table_id NOT IN (SELECT table_id FROM {CATALOG}.ducklake_table_stats)
"""


def note_empty_tables(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Write down that tables without statistics are empty; how many there were.

    Args:
        con: a connection of mode ``write``, in no transaction.
        settings: the installation.
    """
    unknown = len(con.execute(_UNKNOWN).fetchall())
    if not unknown:
        return 0
    # Under the lock: no other writer brings a first row, and its statistics, in between.
    with transaction(con, "note which tables are empty", settings):
        con.execute(
            f"""
            INSERT INTO {CATALOG}.ducklake_table_column_stats
                (table_id, column_id, contains_null, contains_nan)
            SELECT table_id, column_id, false, CASE WHEN column_type LIKE 'float%' THEN false END
            FROM {CATALOG}.ducklake_column
            WHERE end_snapshot IS NULL AND table_id IN ({_UNKNOWN})
            """
        )
        con.execute(
            f"""
            INSERT INTO {CATALOG}.ducklake_table_stats
                (table_id, record_count, next_row_id, file_size_bytes)
            SELECT table_id, 0, 0, 0 FROM ({_UNKNOWN})
            """
        )
    return unknown
