"""What a comparison with the source found, as meta.control_totals keeps it.

Of a whole table there is one row a measure and load; of a business day one row a measure, the
newest: DuckLake's snapshots keep what it was before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from ingestion.connectors.context import PassContext
from warehouse.writer import transaction


@dataclass(frozen=True)
class Total:
    """One measure, by the source's arithmetic and by ours.

    Attributes:
        measure: ``table_...`` of all rows, ``day_...`` of those of ``business_date``.
        is_near: recorded though it has never been and does not differ.
    """

    measure: str
    business_date: dt.date | None
    source_value: Decimal
    warehouse_value: Decimal
    is_near: bool = True


def record_totals(context: PassContext, table: str, found: list[Total]) -> None:
    """Write the totals that are not held as they are.

    A business day is written when it is near, when it differs, when a load has touched it since
    its table was first compared, or when it was written before.
    """
    load_id = context.state.table(table).last_load
    place = [context.source.tenant, context.source.name, table]
    known = {
        (measure, day): (load, theirs, ours)
        for measure, day, load, theirs, ours in context.con.execute(
            "SELECT measure, business_date, max(load_id), arg_max(source_value, load_id), "
            "arg_max(warehouse_value, load_id) FROM lake.meta.control_totals WHERE tenant_id = ? "
            "AND source = ? AND table_name = ? AND (starts_with(measure, 'table_') "
            "OR starts_with(measure, 'day_')) GROUP BY ALL",
            place,
        ).fetchall()
    }
    touched = _touched(context, table, max((load for load, _, _ in known.values()), default=0))
    missing = [
        total
        for total in found
        if _is_wanted(total, known, touched) and not _is_held(total, known, load_id)
    ]
    if not missing:
        return
    with transaction(
        context.con, f"control totals of {table}", context.settings, source=context.source.name
    ):
        # Of a day the newest row is kept, of a table one row a load.
        stale = [
            total
            for total in missing
            if (held := known.get((total.measure, total.business_date))) is not None
            and (total.business_date is not None or held[0] == load_id)
        ]
        if stale:
            lines = ", ".join(["(?::VARCHAR, ?::DATE)"] * len(stale))
            context.con.execute(
                "DELETE FROM lake.meta.control_totals AS t WHERE tenant_id = ? AND source = ? "
                "AND table_name = ? AND (business_date IS NOT NULL OR load_id = ?) "
                f"AND EXISTS (SELECT 1 FROM (VALUES {lines}) AS s(measure, business_date) "
                "WHERE s.measure = t.measure "
                "AND s.business_date IS NOT DISTINCT FROM t.business_date)",
                [*place, load_id, *(v for s in stale for v in (s.measure, s.business_date))],
            )
        lines = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, now(), ?)"] * len(missing))
        context.con.execute(
            f"INSERT INTO lake.meta.control_totals VALUES {lines}",
            [
                value
                for total in missing
                for value in (
                    load_id,
                    *place,
                    total.measure,
                    total.source_value,
                    total.warehouse_value,
                    total.source_value - total.warehouse_value,
                    total.business_date,
                )
            ],
        )


Known = dict[tuple[str, dt.date | None], tuple[int, Decimal, Decimal]]


def _touched(context: PassContext, table: str, since: int) -> set[dt.date]:
    """Business days that a load of the table has touched since the last comparison."""
    rows = context.con.execute(
        "SELECT DISTINCT d.business_date FROM lake.meta.touched_days AS d "
        "JOIN lake.meta.loads AS l ON l.load_id = d.load_id WHERE l.tenant_id = ? "
        "AND l.source = ? AND l.table_name = ? AND l.load_id > ?",
        [context.source.tenant, context.source.name, table, since],
    ).fetchall()
    return {day for (day,) in rows}


def _is_wanted(total: Total, known: Known, touched: set[dt.date]) -> bool:
    return (
        total.is_near
        or total.business_date in touched
        or (total.measure, total.business_date) in known
    )


def _is_held(total: Total, known: Known, load_id: int) -> bool:
    held = known.get((total.measure, total.business_date))
    if held is None or held[1:] != (total.source_value, total.warehouse_value):
        return False
    return total.business_date is not None or held[0] == load_id
