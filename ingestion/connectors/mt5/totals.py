"""Control totals of a whole table: the source's own SQL against our current rows."""

from __future__ import annotations

from decimal import Decimal

from ingestion.answers import one_row
from ingestion.connectors.context import PassContext
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.mt5.discovery import PhysicalTable
from ingestion.connectors.mt5.incremental import read_changes
from ingestion.connectors.mt5.queries import totals
from ingestion.contracts import quoted
from ingestion.measures import measures
from ingestion.raw_tables import targets
from ingestion.versions import current_rows
from warehouse.writer import transaction

_ATTEMPTS = 3


def compare_totals(
    context: PassContext, database: SourceDatabase, tables: list[PhysicalTable]
) -> None:
    """Record measures ``table_count``, ``table_sum_...`` of a logical table.

    Only rows up to the newest one held are compared, because the source goes on living; a
    difference is looked at again after another read, before it is recorded.

    Raises:
        SourceError: the database went away.
    """
    theirs: dict[str, int] = {}
    ours: dict[str, int] = {}
    for attempt in range(_ATTEMPTS):
        limit = _newest(context, tables)
        theirs = totals(database, tables, limit)
        ours = _ours(context, tables, limit)
        if all(ours.get(name) == value for name, value in theirs.items()):
            break
        if attempt + 1 < _ATTEMPTS:
            for table in tables:
                read_changes(context, database, table)
    _record(context, tables[0].contract.table, theirs, ours)


def _limit_column(tables: list[PhysicalTable]) -> str:
    contract = tables[0].contract
    return tables[0].marker or (contract.block[0] if contract.block else contract.key[0])


def _newest(context: PassContext, tables: list[PhysicalTable]) -> int:
    cursors = (context.state.cursors.get(table.name, (0, None))[0] for table in tables)
    return max(cursors)


def _ours(context: PassContext, tables: list[PhysicalTable], limit: int) -> dict[str, int]:
    contract = tables[0].contract
    target = targets(contract)[0]
    wanted = measures(contract)
    answer = one_row(
        context.con,
        f"SELECT {', '.join(measure.in_warehouse for measure in wanted)} "
        f"FROM {current_rows(target).format(range='')} "
        f"WHERE NOT _is_deleted AND {quoted(_limit_column(tables))} <= $limit "
        "AND list_contains($tables, _source_table)",
        {
            "tenant": context.source.tenant,
            "source": context.source.name,
            "limit": limit,
            "tables": [table.name for table in tables],
        },
    )
    return {m.name: int(value or 0) for m, value in zip(wanted, answer, strict=True)}


def _record(context: PassContext, table: str, theirs: dict[str, int], ours: dict[str, int]) -> None:
    place = [context.source.tenant, context.source.name, table]
    load_id = context.state.table(table).last_load
    rows = [
        (f"table_{name}", Decimal(value), Decimal(ours.get(name, 0)))
        for name, value in theirs.items()
    ]
    known = context.state.totals
    missing = [row for row in rows if known.get((table, row[0])) != (load_id, row[1], row[2])]
    if not missing:
        return
    with transaction(
        context.con, f"control totals of {table}", context.settings, source=context.source.name
    ):
        again = [row[0] for row in missing if known.get((table, row[0]), (0,))[0] == load_id]
        if again:
            context.con.execute(
                "DELETE FROM lake.meta.control_totals WHERE tenant_id = ? AND source = ? "
                "AND table_name = ? AND load_id = ? AND list_contains(?, measure)",
                [*place, load_id, again],
            )
        lines = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, now(), NULL)"] * len(missing))
        context.con.execute(
            f"INSERT INTO lake.meta.control_totals VALUES {lines}",
            [
                value
                for measure, source_value, warehouse_value in missing
                for value in (
                    load_id,
                    *place,
                    measure,
                    source_value,
                    warehouse_value,
                    source_value - warehouse_value,
                )
            ],
        )
    known.update({(table, row[0]): (load_id, row[1], row[2]) for row in missing})
