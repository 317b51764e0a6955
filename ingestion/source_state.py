"""What the lake knows of one source, read in four queries for a whole pass over it.

Asking per table would cost more than most passes do. The pass holds the source's lock, so nobody
else changes it meanwhile; every load of the pass keeps it up to date.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from ingestion.answers import one_row

# Answered from the statistics of the table's files.
NEWEST_LOAD = "SELECT coalesce(max(load_id), 0) FROM lake.meta.loads"


@dataclass(frozen=True)
class TableState:
    """The newest load of a table: its id (0 before the first) and the hash of what it read."""

    last_load: int = 0
    content_sha256: str = ""


@dataclass
class SourceState:
    """Loads, cursors and quarantine of one source.

    Attributes:
        tables: by table name of ours.
        cursors: by physical table: value and key.
        quarantined: tables of ours that have rows in quarantine.
        newest_load: the newest load of all sources that this state knows of.
    """

    tables: dict[str, TableState] = field(default_factory=dict)
    cursors: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)
    newest_load: int = 0

    def table(self, name: str) -> TableState:
        """The state of a table, loaded or not."""
        return self.tables.get(name, TableState())


def read_state(con: duckdb.DuckDBPyConnection, tenant: str, source: str) -> SourceState:
    """The state of a source as the lake has it now."""
    place = [tenant, source]
    # Asked first: a load that comes in between is looked for once more, never missed.
    newest_load = int(one_row(con, NEWEST_LOAD)[0])
    loads = con.execute(
        "SELECT table_name, max(load_id), arg_max(content_sha256, load_id) FROM lake.meta.loads "
        "WHERE tenant_id = ? AND source = ? GROUP BY table_name",
        place,
    ).fetchall()
    if not loads:
        return SourceState(newest_load=newest_load)
    cursors = con.execute(
        "SELECT physical_table, cursor_value, cursor_key FROM lake.meta.cursors "
        "WHERE tenant_id = ? AND source = ?",
        place,
    ).fetchall()
    quarantined = con.execute(
        "SELECT DISTINCT table_name FROM lake.raw.quarantine WHERE tenant_id = ? AND source = ?",
        place,
    ).fetchall()
    return SourceState(
        {table: TableState(load, sha256 or "") for table, load, sha256 in loads},
        {table: (value, key) for table, value, key in cursors},
        {table for (table,) in quarantined},
        newest_load,
    )
