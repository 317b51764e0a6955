"""Keeps a lake quick that takes small loads all day: rows out of the catalog, small files joined.

Small loads stay in the catalog until flushed, and each larger one leaves a file. Neither step ends
a snapshot: what was published stays readable as it was. Files that were joined are kept for a day,
because a reader may still have them open.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.settings import Settings
from warehouse.writer import only_writer

# A file of so many bytes gains nothing from being joined.
_LARGE_FILE_BYTES = 16 * 1024 * 1024
# So many files at most in one step: the writer lock is held meanwhile.
_FILES_A_STEP = 20
_ENOUGH_ROWS = 100
_ENOUGH_FILES = 5
_CATALOG = "__ducklake_metadata_lake"


@dataclass(frozen=True)
class Maintained:
    """What one round did; ``longest_step`` is how long others waited at most."""

    rows_flushed: int
    files_joined: int
    seconds: float
    longest_step: float


def maintain(con: duckdb.DuckDBPyConnection, settings: Settings) -> Maintained:
    """One round of maintenance, table by table, the writer lock freed between the steps.

    Args:
        con: a connection of mode ``write``; no transaction open.
    """
    started = time.monotonic()
    longest = 0.0

    def step(statement: str) -> list[tuple[Any, ...]]:
        nonlocal longest
        with only_writer(settings):
            began = time.monotonic()
            rows = con.execute(statement).fetchall()
            longest = max(longest, time.monotonic() - began)
        return rows

    flushed = sum(
        int(rows)
        for schema, table in _inlined_tables(con)
        for *_, rows in step(
            f"CALL ducklake_flush_inlined_data('lake', schema_name => '{schema}', "
            f"table_name => '{table}')"
        )
    )
    joined = sum(
        int(files)
        for schema, table in _scattered_tables(con)
        for *_, files, _ in step(
            f"CALL ducklake_merge_adjacent_files('lake', '{table}', schema => '{schema}', "
            f"max_compacted_files => {_FILES_A_STEP}, max_file_size => {_LARGE_FILE_BYTES})"
        )
    )
    step("CALL ducklake_cleanup_old_files('lake', older_than => now() - INTERVAL 1 DAY)")
    return Maintained(flushed, joined, round(time.monotonic() - started, 3), round(longest, 3))


def _inlined_tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Tables with enough rows in the catalog to be worth a file."""
    names = con.execute(
        f"SELECT s.schema_name, t.table_name, i.table_name FROM {_CATALOG}.ducklake_table AS t "
        f"JOIN {_CATALOG}.ducklake_schema AS s ON s.schema_id = t.schema_id "
        f"JOIN {_CATALOG}.ducklake_inlined_data_tables AS i ON i.table_id = t.table_id "
        "WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL "
        "AND s.schema_name IN ('raw', 'pii', 'meta')"
    ).fetchall()
    if not names:
        return []
    counts = con.execute(
        " UNION ALL ".join(
            f"SELECT '{schema}', '{table}', count(*) FROM {_CATALOG}.\"{inlined}\""
            for schema, table, inlined in names
        )
    ).fetchall()
    return sorted({(schema, table) for schema, table, rows in counts if rows >= _ENOUGH_ROWS})


def _scattered_tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Tables with several small files."""
    return con.execute(
        f"SELECT s.schema_name, t.table_name FROM {_CATALOG}.ducklake_table AS t "
        f"JOIN {_CATALOG}.ducklake_schema AS s ON s.schema_id = t.schema_id "
        f"JOIN {_CATALOG}.ducklake_data_file AS f ON f.table_id = t.table_id "
        "WHERE t.end_snapshot IS NULL AND s.end_snapshot IS NULL AND f.end_snapshot IS NULL "
        "AND s.schema_name IN ('raw', 'pii', 'meta') "
        f"AND f.file_size_bytes < {_LARGE_FILE_BYTES} "
        f"GROUP BY ALL HAVING count(*) >= {_ENOUGH_FILES} ORDER BY ALL"
    ).fetchall()
