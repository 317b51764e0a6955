"""What people decided, brought into the lake before a build, so that the books can show it."""

from __future__ import annotations

import duckdb

from warehouse.control.explanations import break_explanations
from warehouse.settings import Settings
from warehouse.writer import transaction


def load_control_state(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Copy the explanations of breaks to ``meta.break_explanations`` where they changed.

    Returns:
        Whether anything was new.
    """
    explained = [
        (
            item.break_key,
            item.tenant_id,
            item.explained_by,
            item.reason,
            item.at.replace(tzinfo=None),
        )
        for item in break_explanations(settings)
    ]
    held = con.execute(
        """
        SELECT break_key, tenant_id, explained_by, reason, explained_at
        FROM lake.meta.break_explanations
        ORDER BY break_key
        """
    ).fetchall()
    if held == explained:
        return False
    with transaction(con, f"{len(explained)} explanations of breaks", settings):
        con.execute("DELETE FROM lake.meta.break_explanations")
        if explained:
            con.executemany(
                "INSERT INTO lake.meta.break_explanations VALUES (?, ?, ?, ?, ?)", explained
            )
    return True
