"""What people decided, brought into the lake before a build, so that the books can show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from warehouse.control.break_actions import break_actions
from warehouse.control.explanations import break_explanations
from warehouse.settings import Settings
from warehouse.writer import transaction


def load_control_state(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Copy what people said of and did about breaks to schema meta, where it changed.

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
    acted = [
        (
            number,
            item.break_key,
            item.tenant_id,
            item.action,
            item.assigned_to,
            item.amount,
            item.acted_by,
            item.reason,
            item.at.replace(tzinfo=None),
        )
        for number, item in enumerate(break_actions(settings), start=1)
    ]
    copied = [
        _copy(con, settings, "break_explanations", explained, "break_key"),
        _copy(con, settings, "break_actions", acted, "action_number"),
    ]
    return any(copied)


def _copy(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    rows: Sequence[tuple[Any, ...]],
    order: str,
) -> bool:
    held = con.execute(f"SELECT * FROM lake.meta.{table} ORDER BY {order}").fetchall()
    if held == rows:
        return False
    with transaction(con, f"{len(rows)} rows of {table}", settings):
        con.execute(f"DELETE FROM lake.meta.{table}")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            con.executemany(f"INSERT INTO lake.meta.{table} VALUES ({marks})", rows)
    return True
