"""A table noted as empty is the table DuckLake would have made of it with its first row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.lake_columns import CATALOG
from warehouse.lake_statistics import note_empty_tables
from warehouse.settings import Settings

COLUMNS = "(x INTEGER, y VARCHAR NOT NULL, d DECIMAL(18, 2), z DOUBLE, t TIMESTAMP)"
CHANGES = [
    "INSERT INTO lake.main.{table} SELECT i, 'v' || i, i / 3, CASE i WHEN 5 THEN NULL ELSE i END, "
    "TIMESTAMP '2026-03-02' FROM range(10) AS r(i)",
    "INSERT INTO lake.main.{table} SELECT i, 'w' || i, i / 7, i, NULL FROM range(10, 30) AS r(i)",
    "DELETE FROM lake.main.{table} WHERE x = 3",
    "ALTER TABLE lake.main.{table} ADD COLUMN w INTEGER",
    "UPDATE lake.main.{table} SET w = 1 WHERE x > 20",
    "DELETE FROM lake.main.{table}",
    "INSERT INTO lake.main.{table} SELECT 7, 'again', 1.5, 0, NULL, 2",
]


def statistics(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    """What the catalog says of a table and its columns."""
    [(table_id,)] = con.execute(
        f"SELECT table_id FROM {CATALOG}.ducklake_table WHERE table_name = ?", [table]
    ).fetchall()
    return [
        *con.execute(
            "SELECT record_count, next_row_id, file_size_bytes "
            f"FROM {CATALOG}.ducklake_table_stats WHERE table_id = {table_id}"
        ).fetchall(),
        *con.execute(
            f"SELECT * EXCLUDE (table_id) FROM {CATALOG}.ducklake_table_column_stats "
            f"WHERE table_id = {table_id} ORDER BY column_id"
        ).fetchall(),
    ]


@pytest.fixture
def lake(installation: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty lake."""
    with connect("write", settings=installation) as con:
        yield con


def test_it_goes_on_as_if_nothing_had_been_noted(
    installation: Settings, lake: duckdb.DuckDBPyConnection
) -> None:
    lake.execute(f"CREATE TABLE lake.main.noted {COLUMNS}")
    assert note_empty_tables(lake, installation) == 1
    assert note_empty_tables(lake, installation) == 0
    lake.execute(f"CREATE TABLE lake.main.plain {COLUMNS}")
    assert lake.execute("SELECT count(*), max(x), min(t) FROM lake.main.noted").fetchall() == [
        (0, None, None)
    ]
    rows = "SELECT rowid, * FROM lake.main.{} ORDER BY x"
    for change in CHANGES:
        for table in ("noted", "plain"):
            lake.execute(change.format(table=table))
        assert statistics(lake, "noted") == statistics(lake, "plain"), change
        noted, plain = (lake.execute(rows.format(table)).fetchall() for table in ("noted", "plain"))
        assert noted == plain


def test_a_lake_notes_its_own_tables(
    installation: Settings, lake: duckdb.DuckDBPyConnection
) -> None:
    assert statistics(lake, "superseded")[0] == (0, 0, 0)
    assert note_empty_tables(lake, installation) == 0


def test_an_empty_table_is_read_without_asking_for_every_column(
    installation: Settings, lake: duckdb.DuckDBPyConnection
) -> None:
    """The reason for it all; DuckLake may have mended it when the first half fails."""
    columns = ", ".join(f"c{number} BIGINT" for number in range(40))
    lake.execute(f"CREATE TABLE lake.main.wide ({columns})")

    def queries() -> int:
        lake.execute("CALL enable_logging('QueryLog', storage = 'memory')")
        lake.execute("SELECT * FROM lake.main.wide WHERE c1 > 0").fetchall()
        lake.execute("CALL disable_logging()")
        [(found,)] = lake.execute(
            "SELECT count(*) FROM duckdb_logs WHERE message LIKE '%column_stats%'"
        ).fetchall()
        lake.execute("CALL truncate_duckdb_logs()")
        return int(found)

    assert queries() >= 40
    note_empty_tables(lake, installation)
    assert queries() <= 2
