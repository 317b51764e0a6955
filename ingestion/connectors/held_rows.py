"""What the lake holds of a source, for rules that need more than one file.

A batch that does not net, a balance that does not follow: such an error stands for as long as the
rows that are held break the rule, whichever file brought them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ingestion.connectors.context import PassContext
from ingestion.contracts import TableContract
from ingestion.problems import Problem

Rows = list[tuple[Any, ...]]


def held(contract: TableContract) -> str:
    """The current rows of a table of one source, for a FROM clause; wants $tenant and $source."""
    return (
        f"(SELECT r.* FROM lake.raw.{contract.table} AS r "
        "ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id "
        "WHERE r._tenant_id = $tenant AND r._source = $source AND NOT r._is_deleted)"
    )


def query_held(context: PassContext, sql: str) -> Rows:
    """The answer to a query over held rows of the context's source."""
    place = {"tenant": context.source.tenant, "source": context.source.name}
    return context.con.execute(sql, place).fetchall()


def report_standing(
    context: PassContext,
    tables: Sequence[TableContract],
    find: Callable[[PassContext], list[Problem]],
) -> None:
    """Add the problems that ``find`` sees in the held rows; asked again only after a load.

    Args:
        tables: what ``find`` reads.
        find: gives the problems of the rows held now.
    """
    loads = tuple(context.state.table(table.table).last_load for table in tables)
    if not any(loads):
        return
    name = f"standing:{tables[0].table}:{find.__name__}"
    remembered = context.memory.get(name)
    if not (isinstance(remembered, tuple) and remembered[0] == loads):
        remembered = (loads, find(context))
        context.memory[name] = remembered
    context.problems.extend(remembered[1])
