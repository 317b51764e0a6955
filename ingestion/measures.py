"""The control totals of a contract: the same arithmetic for the source's SQL and for ours.

Doubles are scaled to integers before they are summed, so that the order of the rows cannot move
the sum, and rounded as floor(x * 10000 + 0.5), which every engine computes alike; their own
round() functions differ on ties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingestion.contracts import TableContract
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Measure:
    """One control total: its name and the aggregate over rows under our column names."""

    name: str
    in_warehouse: str


def floor(expression: str) -> str:
    """The largest integer not above a double, as DuckDB says it."""
    return f"CAST(floor({expression}) AS BIGINT)"


def money_aggregate(column: str, floor: Callable[[str], str] = floor) -> str:
    """Sum of a money column in 1/10000, as an integer."""
    return f"sum({floor(f'{column} * 10000 + 0.5')})"


def volume_aggregate(fine: str | None, coarse: str | None, lot: int) -> str:
    """Sum of volume in 1e-8 lots: the fine column where it is not zero, else the coarse one.

    Args:
        lot: units of the coarse column in a lot.
    """
    unit = 100_000_000 // lot
    if fine and coarse:
        return f"sum(CASE WHEN {fine} > 0 THEN {fine} ELSE {coarse} * {unit} END)"
    if fine:
        return f"sum({fine})"
    return f"sum({coarse}) * {unit}"


def measures(contract: TableContract) -> list[Measure]:
    """The totals of a contract: count, and money and volume where it has them."""
    found = [Measure("count", "count(*)")]
    if contract.money:
        found.append(Measure(f"sum_{contract.money}", money_aggregate(quoted(contract.money))))
    if contract.volumes:
        fine, coarse = (
            f"coalesce({quoted(name)}, 0)" if name else None for name in contract.volumes
        )
        found.append(Measure("sum_volume", volume_aggregate(fine, coarse, contract.lot)))
    return found
