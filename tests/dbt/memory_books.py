"""The books' own SQL over tables in memory: fast enough for a property to be tried fifty times.

Every model from the source rows to the daily marts is a view here, made of the text that dbt
compiles for a full build; only the raw tables hold rows. What a lake, an incremental build and the
loader add is tested elsewhere.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_runner import run_dbt
from tests.dbt.pencil_broker import Row
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.sql_text import quoted

MARTS = ("can_deals", "fct_account_days", "fct_daily_pnl")
SERVER = "pencil"
SETTLED = (
    "can_accounts", "can_account_books", "can_instruments", "can_fx_rates", "can_fx_to_reporting",
)  # fmt: skip


@dataclass
class MemoryBooks:
    """A broker's raw rows and the marts over them."""

    con: duckdb.DuckDBPyConnection
    rows_held: int = 0
    texts: dict[str, str] = field(default_factory=dict)

    def fill(self, tables: dict[str, list[Row]]) -> None:
        """Replace the raw rows by these; a table that is not named stays as it is."""
        for table, rows in tables.items():
            self.con.execute(f"DELETE FROM raw.{table}")
            if not rows:
                continue
            names = list(dict.fromkeys(name for row in rows for name in row))
            columns = [*names, "_tenant_id", "_source", "_row_id", "_load_id", "_is_deleted"]
            source = SERVER if table.startswith("mt5") else table.split("_", maxsplit=1)[0]
            values = []
            for row in rows:
                self.rows_held += 1
                system = ["demo", source, self.rows_held, 1, False]
                values.append([row.get(name) for name in names] + system)
            self.con.executemany(
                f"INSERT INTO raw.{table} ({', '.join(quoted(name) for name in columns)}) "
                f"VALUES ({', '.join('?' * len(columns))})",
                values,
            )

    def server(self, *, clock_zone: str = "America/New_York", shift_minutes: int = 420) -> None:
        """Describe the one server: the zone of its clock, and minutes that it is ahead of that."""
        self.con.execute("DELETE FROM meta.servers")
        self.con.execute(
            "INSERT INTO meta.servers VALUES "
            f"('demo', '{SERVER}', ?, ?, 1439, 'credit', 'IT', 120)",
            [clock_zone, shift_minutes],
        )

    def settle(self, days: list[dt.date]) -> None:
        """Keep accounts, instruments, rates and what other systems say as they are now: they are
        not tried again, and planning the views over them took most of an example's time.

        Args:
            days: business days that have rates.
        """
        self.con.execute("DELETE FROM meta.touched_days")
        self.con.executemany(
            f"INSERT INTO meta.touched_days VALUES (1, 'demo', '{SERVER}', ?)",
            [[day] for day in days],
        )
        others = self.con.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'staging' "
            "AND NOT starts_with(view_name, 'stg_mt5__')"
        ).fetchall()
        for name in (
            *(f"staging.{view}" for (view,) in others),
            *(f"canonical.{view}" for view in SETTLED),
        ):
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT * FROM {name}")
            self.con.execute(f"DROP VIEW {name}")
            self.con.execute(f"CREATE TABLE {name} AS SELECT * FROM temp.kept")

    def settle_again(self, name: str) -> None:
        """Work out anew what is kept of one canonical table: its source rows have changed."""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {self.texts[name]}")
        self.con.execute(f"DELETE FROM canonical.{name}")
        self.con.execute(f"INSERT INTO canonical.{name} SELECT * FROM temp.kept")

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query over schema.table."""
        return self.con.execute(query).fetchall()


def memory_books(home: Path) -> MemoryBooks:
    """The models over empty raw tables.

    Args:
        home: an installation whose reference data and staging views were built.
    """
    settings = Settings(home=home)
    wanted = [f"+{mart}" for mart in MARTS]
    listed = run_dbt(settings, ["compile", "--full-refresh", "--select", *wanted])
    models = [node for node in listed.nodes if node.kind == "model"]
    # A handful of rows: threads would only wait for one another.
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS lake")
    con.execute("USE lake")
    with connect("read", settings=settings) as held:
        tables = held.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
        schemas = {schema for schema, _ in tables}
        for schema in sorted(schemas | {"staging", "canonical", "intermediate", "finance"}):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for schema, table in tables:
            frame = held.execute(f"SELECT * FROM lake.{schema}.{table}").arrow()
            con.register("copied", frame)
            con.execute(f"CREATE TABLE {schema}.{table} AS SELECT * FROM copied")
            con.unregister("copied")
    for model in models:
        con.execute(f"CREATE VIEW {model.relation} AS {model.compiled}")
    books = MemoryBooks(con, texts={model.name: model.compiled for model in models})
    books.server()
    return books
