"""What the lake knows of one source, read in three queries for a whole pass over it.

Asking per table would cost more than most passes do. The pass holds the source's lock, so nobody
else changes it meanwhile; every load of the pass keeps it up to date.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb


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
    """

    tables: dict[str, TableState] = field(default_factory=dict)
    cursors: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    quarantined: set[str] = field(default_factory=set)

    def table(self, name: str) -> TableState:
        """The state of a table, loaded or not."""
        return self.tables.get(name, TableState())


def read_state(con: duckdb.DuckDBPyConnection, tenant: str, source: str) -> SourceState:
    """The state of a source as the lake has it now."""
    place = [tenant, source]
    loads = con.execute(
        "SELECT table_name, max(load_id), arg_max(content_sha256, load_id) FROM lake.meta.loads "
        "WHERE tenant_id = ? AND source = ? GROUP BY table_name",
        place,
    ).fetchall()
    if not loads:
        return SourceState()
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
    )
