"""Problems of a source's shape: a missing table, a missing column, a server that is down.

meta.source_problems holds the state of the last pass over each source: a problem that is gone
leaves it, DuckLake's snapshots keep when it was there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import duckdb

from ingestion.answers import one_row
from warehouse.settings import Settings, SourceSettings
from warehouse.writer import transaction


@dataclass(frozen=True)
class Problem:
    """One finding: ``error`` stops that table, ``warning`` says what is poorer."""

    table: str
    severity: Literal["error", "warning"]
    what: str
    todo: str


def store(
    con: duckdb.DuckDBPyConnection,
    source: SourceSettings,
    problems: list[Problem],
    settings: Settings,
) -> None:
    """Make the source's problems in the lake those of this pass; equal ones are not written."""
    place = [source.tenant, source.name]
    held = set(
        con.execute(
            "SELECT table_name, severity, what, todo FROM lake.meta.source_problems "
            "WHERE tenant_id = ? AND source = ?",
            place,
        ).fetchall()
    )
    wanted = {(p.table, p.severity, p.what, p.todo) for p in problems}
    if held == wanted:
        return
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with transaction(con, f"problems of {source.name}", settings, source=source.name):
        load_id = one_row(con, "SELECT max(load_id) FROM lake.meta.loads")[0]
        gone = sorted(held - wanted)
        for item in gone:
            con.execute(
                "DELETE FROM lake.meta.source_problems WHERE tenant_id = ? AND source = ? "
                "AND table_name = ? AND severity = ? AND what = ? AND todo = ?",
                [*place, *item],
            )
        for item in sorted(wanted - held):
            con.execute(
                "INSERT INTO lake.meta.source_problems VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [load_id, *place, *item, at],
            )
