"""What columns a source hands over: remembered, so that one that comes, goes or changes is seen.

A column outside the contract is recorded with the day it was first seen. One that was read before
and is gone stops its table: loading NULL in its place would look like a change of every row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

from ingestion.connectors.context import PassContext
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from warehouse.writer import transaction

_MEMORY = "source columns"


@dataclass(frozen=True)
class SeenColumns:
    """The columns of one table or file, as the source names them, with their stated types.

    Attributes:
        name: of the physical table, or of the file; columns are compared under this name.
        loaded: those that feed the contract.
        others: those beyond it.
    """

    contract: TableContract
    name: str
    loaded: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def place(self) -> tuple[str, str]:
        """Our table and the name."""
        return self.contract.table, self.name


def watch_columns(
    context: PassContext, seen: Sequence[SeenColumns]
) -> dict[tuple[str, str], list[Problem]]:
    """Record columns not seen before; give an error for each one that vanished.

    The errors stand by ``SeenColumns.place``: two contracts may read one physical table.

    ``options.dropped_columns`` names columns (``table.column``) that are gone for good.
    """
    known = _known(context)
    fresh: list[tuple[object, ...]] = []
    problems: dict[tuple[str, str], list[Problem]] = {}
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for item in seen:
        held = known.setdefault(item.place, {})
        now = {name: (kind, True) for name, kind in item.loaded.items()}
        now |= {name: (kind, False) for name, kind in item.others.items()}
        present = {name.lower() for name in now}
        problems[item.place] = [
            _vanished(item, column)
            for column, (_, was_loaded) in sorted(held.items())
            if was_loaded
            and column.lower() not in present
            and not _is_given_up(context, item, column)
        ]
        for column, stated in now.items():
            if held.get(column) != stated:
                held[column] = stated
                place = (context.source.tenant, context.source.name, item.contract.table)
                fresh.append((*place, item.name, column, *stated, at))
    if fresh:
        with transaction(
            context.con,
            f"columns of {context.source.name}",
            context.settings,
            source=context.source.name,
        ):
            lines = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(fresh))
            context.con.execute(
                f"INSERT INTO lake.meta.source_columns VALUES {lines}",
                [value for row in fresh for value in row],
            )
    return problems


def retyped(contract: TableContract, name: str, column: str, held: TypeEngine[object]) -> Problem:
    """The error for a column that :func:`can_hold` refuses."""
    wanted = contract.column(column)
    return Problem(
        table=contract.table,
        severity="error",
        what=f"Column {wanted.source} of table {name} is a {held}; a {wanted.type} is expected.",
        todo=f"give it its type back; {name} is not loaded until then, the other tables are",
    )


def can_hold(dialect: str, held: TypeEngine[object], wanted: str) -> bool:
    """Whether a column of the stated type may hold values of the contract's type.

    By family only: a text where numbers are expected is a changed export, and a number where a
    time is expected would be read as another time. SQLite states what it likes.
    """
    if isinstance(held, types.NullType):
        return True
    if isinstance(held, types.LargeBinary):
        return False
    if wanted in ("VARCHAR", "BOOLEAN") or wanted.startswith("DECIMAL"):
        return True
    is_time = isinstance(held, types.DateTime | types.Date)
    is_text = isinstance(held, types.String)
    if wanted in ("TIMESTAMP", "DATE"):
        return is_time or is_text or dialect == "sqlite"
    if wanted == "DOUBLE":
        return not is_text and not is_time
    return not is_text


def _known(context: PassContext) -> dict[tuple[str, str], dict[str, tuple[str, bool]]]:
    """Newest type of each column, and whether it was loaded, by table of ours and of theirs."""
    known = context.memory.get(_MEMORY)
    if isinstance(known, dict):
        return known
    found: dict[tuple[str, str], dict[str, tuple[str, bool]]] = {}
    for table, name, column, kind, loaded in context.con.execute(
        "SELECT table_name, source_table, column_name, arg_max(column_type, first_seen_at), "
        "arg_max(is_loaded, first_seen_at) FROM lake.meta.source_columns "
        "WHERE tenant_id = ? AND source = ? GROUP BY ALL",
        [context.source.tenant, context.source.name],
    ).fetchall():
        found.setdefault((table, name), {})[column] = (kind, loaded)
    context.memory[_MEMORY] = found
    return found


def _is_given_up(context: PassContext, item: SeenColumns, column: str) -> bool:
    wanted = {str(name).lower() for name in context.source.options.get("dropped_columns", [])}
    return bool(
        wanted & {f"{item.name}.{column}".lower(), f"{item.contract.source_table}.{column}".lower()}
    )


def _vanished(item: SeenColumns, column: str) -> Problem:
    return Problem(
        table=item.contract.table,
        severity="error",
        what=f"{item.name} has no column {column} any more.",
        todo=f"export {column} again (or undo its renaming); if it is gone for good, add "
        f'"{item.contract.source_table}.{column}" to options.dropped_columns and it is loaded as '
        "NULL from then on; nothing of it is loaded until then, the other tables are",
    )
