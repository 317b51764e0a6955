"""What the lake holds, from its own catalog: the same as DuckDB's slower lists say."""

from __future__ import annotations

from pathlib import Path

from quality.lake_tables import held_tables
from warehouse.connection import connect
from warehouse.lake_columns import columns_held
from warehouse.settings import Settings
from warehouse.writer import transaction


def test_the_catalog_names_what_duckdb_lists(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with connect("write", settings=settings) as con:
        with transaction(con, "change tables", settings):
            con.execute("CREATE SCHEMA IF NOT EXISTS lake.tried")
            con.execute("CREATE TABLE lake.tried.kept (first INTEGER, second DATE)")
            con.execute("CREATE TABLE lake.tried.dropped (first INTEGER)")
            con.execute("CREATE VIEW lake.tried.seen AS SELECT first FROM lake.tried.kept")
        [(before,)] = con.execute("FROM ducklake_current_snapshot('lake')").fetchall()
        with transaction(con, "change them again", settings):
            con.execute("DROP TABLE lake.tried.dropped")
            con.execute("ALTER TABLE lake.tried.kept ADD COLUMN third VARCHAR")
            con.execute("ALTER TABLE lake.tried.kept DROP COLUMN first")
        listed: dict[str, set[str]] = {}
        for name, column in con.execute(
            "SELECT c.schema_name || '.' || c.table_name, c.column_name FROM duckdb_columns() AS c "
            "JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name) "
            "WHERE database_name = 'lake'"
        ).fetchall():
            listed.setdefault(name, set()).add(column)
        schemas = sorted({name.split(".")[0] for name in listed})
        assert columns_held(con, *schemas) == listed
        assert listed["tried.kept"] == {"second", "third"}
        assert set(columns_held(con, "tried")) == {"tried.kept"}
        assert held_tables(con) >= {"tried.kept", "tried.seen"}
        assert "tried.dropped" not in held_tables(con)
    with connect("read", settings=settings, as_of=before) as con:
        assert held_tables(con) >= {"tried.kept", "tried.seen", "tried.dropped"}
