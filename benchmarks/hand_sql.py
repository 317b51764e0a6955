"""The SQL that dbt compiled, run by hand in one DuckDB process on an ordinary database file.

The same rows, the same statements in the same order, without dbt and without DuckLake: what
the machine needs for the work itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from benchmarks.measurement import BenchmarkError, timed
from warehouse.connection import connect
from warehouse.settings import Settings

# What both sides must agree on: rows and sums of the books.
AGREED = {
    "finance.fct_account_days": ("closing_balance_amount", "equity_amount"),
    "finance.fct_daily_pnl": ("client_closed_pnl_amount", "total_reporting"),
}


@dataclass(frozen=True)
class Statement:
    """One model or test as dbt compiled it."""

    kind: str
    relation: str
    materialized: str
    sql: str
    seconds: float


@dataclass(frozen=True)
class HandRun:
    """Seconds of the statements run by hand."""

    models: float
    tests: float

    @property
    def whole(self) -> float:
        """Models and tests."""
        return self.models + self.tests


def compiled_statements(target: Path) -> list[Statement]:
    """The models and tests of dbt's last run, in the order it ran them; seeds are left out."""
    run = json.loads((target / "run_results.json").read_text(encoding="utf-8"))
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    found = []
    for item in run["results"]:
        node = nodes[item["unique_id"]]
        if node["resource_type"] in ("model", "test"):
            found.append(
                Statement(
                    kind=node["resource_type"],
                    relation=item["relation_name"] or "",
                    materialized=node["config"]["materialized"],
                    sql=item["compiled_code"],
                    seconds=float(item["execution_time"]),
                )
            )
    return found


def standing_views(settings: Settings, target: Path) -> list[Statement]:
    """The views of the lake, each after those it reads: a build leaves them as they stand.

    Args:
        settings: the lake.
        target: of dbt's last run, which knows what reads what.
    """
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    reads = {
        key: [other for other in node["depends_on"]["nodes"] if other in nodes]
        for key, node in nodes.items()
        if node["resource_type"] == "model"
    }
    with connect("read", settings=settings) as con:
        texts = dict(
            con.execute(
                "SELECT 'lake.' || schema_name || '.' || view_name, sql FROM duckdb_views() "
                "WHERE database_name = 'lake'"
            ).fetchall()
        )
    found = []
    for key in TopologicalSorter(reads).static_order():
        node = nodes[key]
        relation = f"lake.{node['schema']}.{node['name']}"
        if key in reads and node["config"]["materialized"] == "view" and relation in texts:
            body = texts[relation].partition(" AS ")[2].rstrip(" ;\n")
            found.append(Statement("model", relation, "view", body, 0.0))
    return found


def first_build(settings: Settings, target: Path) -> list[Statement]:
    """All that a first build made: the views that stood before dbt ran, and what dbt ran."""
    statements = compiled_statements(target)
    ran = {item.relation.replace('"', "") for item in statements}
    views = standing_views(settings, target)
    return [*(view for view in views if view.relation not in ran), *statements]


def copy_lake(settings: Settings, file: Path, *, schemas: tuple[str, ...] = ()) -> None:
    """Copy the lake's tables into a database file; all of them, or those of some schemas."""
    with connect("read", settings=settings) as con:
        con.execute(f"ATTACH '{file}' AS plain")
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lake'"
        ).fetchall()
        for schema, table in tables:
            if schemas and schema not in schemas:
                continue
            con.execute(f'CREATE SCHEMA IF NOT EXISTS plain."{schema}"')
            con.execute(
                f'CREATE TABLE plain."{schema}"."{table}" AS FROM lake."{schema}"."{table}"'
            )


def lay_views(file: Path, statements: list[Statement]) -> None:
    """Make the views among the statements, over the tables a file already holds."""
    with duckdb.connect(":memory:") as con:
        con.execute(f"ATTACH '{file}' AS lake")
        con.execute("USE lake")
        for item in statements:
            if item.kind == "model" and item.materialized == "view":
                con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{item.relation.split('.')[1]}")
                con.execute(f"CREATE OR REPLACE VIEW {item.relation} AS {item.sql}")


def limit(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Give a connection the memory, the threads and the clock that the lake's have."""
    con.execute("SET TimeZone = 'UTC'")
    if settings.duckdb_memory_limit:
        con.execute(f"SET memory_limit = '{settings.duckdb_memory_limit}'")
    if settings.duckdb_threads:
        con.execute(f"SET threads = {settings.duckdb_threads}")


def run_by_hand(
    file: Path,
    statements: list[Statement],
    settings: Settings,
    watermark: int,
    again: bool = False,
) -> HandRun:
    """Run the statements on the file.

    Args:
        file: holds the tables they read; what they make is added to it.
        statements: in order.
        settings: for memory limit and threads, the same as the lake's.
        watermark: the last load they may see.
        again: incremental tables are there; only the rows that change are made.
    """
    con = duckdb.connect(":memory:")
    try:
        limit(con, settings)
        con.execute(f"ATTACH '{file}' AS lake")
        con.execute("USE lake")
        con.execute(f"SET VARIABLE daybook_watermark = {watermark}")
        for schema in {item.relation.split(".")[1] for item in statements if item.relation}:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{schema}")
        seconds = {"model": 0.0, "test": 0.0}
        for item in statements:
            spent, _ = timed(lambda item=item: _run(con, item, again))  # type: ignore[misc]
            seconds[item.kind] += spent
    finally:
        con.close()
    return HandRun(models=seconds["model"], tests=seconds["test"])


def _run(con: duckdb.DuckDBPyConnection, item: Statement, again: bool) -> None:
    if item.kind == "test":
        con.execute(f"SELECT count(*) FROM ({item.sql}) AS failing").fetchall()
    elif item.materialized == "view":
        con.execute(f"CREATE OR REPLACE VIEW {item.relation} AS {item.sql}")
    elif item.materialized == "incremental" and again:
        _replace_rows(con, item)
    else:
        con.execute(f"CREATE OR REPLACE TABLE {item.relation} AS {item.sql}")


def _replace_rows(con: duckdb.DuckDBPyConnection, item: Statement) -> None:
    """The rows of the statement in place of those of the same days, and accounts, that are there.

    A ledger keeps all that was booked.
    """
    columns = {row[0] for row in con.execute(f"DESCRIBE {item.relation}").fetchall()}
    con.execute("BEGIN")
    con.execute(f"CREATE TEMP TABLE made AS {item.sql}")
    if "business_date" in columns and "booked_at" not in columns:
        key = ", ".join(
            name for name in ("tenant_id", "server_id", "login", "business_date") if name in columns
        )
        con.execute(f"DELETE FROM {item.relation} WHERE ({key}) IN (SELECT ({key}) FROM made)")
    con.execute(f"INSERT INTO {item.relation} BY NAME FROM made")
    con.execute("DROP TABLE made")
    con.execute("COMMIT")


def check_agreement(settings: Settings, file: Path) -> None:
    """Compare rows and sums of the books in the lake with those made by hand.

    Raises:
        BenchmarkError: they differ; a time for another result says nothing.
    """
    with connect("read", settings=settings) as con:
        con.execute(f"ATTACH '{file}' AS plain (READ_ONLY)")
        for table, columns in AGREED.items():
            sums = ", ".join(f"sum({name})" for name in columns)
            sides = [
                con.execute(f"SELECT count(*), {sums} FROM {side}.{table}").fetchall()
                for side in ("lake", "plain")
            ]
            if sides[0] != sides[1]:
                raise BenchmarkError(f"{table}: {sides[0]} by dbt in the lake, {sides[1]} by hand")
