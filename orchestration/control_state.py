"""What people decided, brought into the lake before a build, so that the books can show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from warehouse.control.break_actions import break_actions
from warehouse.control.explanations import break_explanations
from warehouse.settings import Settings
from warehouse.writer import transaction

_ORDER = {"break_explanations": "break_key", "break_actions": "action_number"}

Rows = list[tuple[Any, ...]]


def is_control_state_held(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether the lake knows all that people said of and did about breaks."""
    return not any(_differing(con, settings))


def load_control_state(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Copy what people said of and did about breaks to schema meta, where it changed."""
    for table, rows in _differing(con, settings):
        with transaction(con, f"{len(rows)} rows of {table}", settings):
            con.execute(f"DELETE FROM lake.meta.{table}")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                con.executemany(f"INSERT INTO lake.meta.{table} VALUES ({marks})", rows)


def _differing(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, Rows]]:
    for table, rows in _told(settings).items():
        held = con.execute(f"SELECT * FROM lake.meta.{table} ORDER BY {_ORDER[table]}").fetchall()
        if held != rows:
            yield table, rows


def _told(settings: Settings) -> dict[str, Rows]:
    explained: Rows = [
        (
            item.break_key,
            item.tenant_id,
            item.explained_by,
            item.reason,
            item.at.replace(tzinfo=None),
        )
        for item in break_explanations(settings)
    ]
    acted: Rows = [
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
    return {"break_explanations": explained, "break_actions": acted}
