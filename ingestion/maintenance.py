"""Keeps a lake quick that takes small loads all day: their files are joined.

Each load leaves a file in each table it wrote to. Joining them ends no snapshot: what was published
stays readable as it was. Files that were joined are kept for a day, because a reader may still have
them open.
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
# Steps go on while one joined as many: DuckLake takes this as a number of results, not of files.
_FILES_A_STEP = 20
_ENOUGH_FILES = 10
_CATALOG = "__ducklake_metadata_lake"


@dataclass(frozen=True)
class Maintained:
    """What one round did; ``longest_step`` is how long others waited at most."""

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

    joined = 0
    for schema, table in _scattered_tables(con):
        while True:
            results = step(
                f"CALL ducklake_merge_adjacent_files('lake', '{table}', schema => '{schema}', "
                f"max_compacted_files => {_FILES_A_STEP}, max_file_size => {_LARGE_FILE_BYTES})"
            )
            files = sum(int(processed) for *_, processed, _ in results)
            joined += files
            if files < _FILES_A_STEP:
                break
    step("CALL ducklake_cleanup_old_files('lake', older_than => now() - INTERVAL 1 DAY)")
    return Maintained(joined, round(time.monotonic() - started, 3), round(longest, 3))


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
