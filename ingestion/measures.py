"""The control totals of a contract: the same arithmetic for the source's SQL and for ours.

Doubles are scaled to integers before they are summed, so that the order of the rows cannot move
the sum, and rounded as floor(x * 10000 + 0.5), which every engine computes alike; their own
round() functions differ on ties.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingestion.contracts import TableContract, quoted


@dataclass(frozen=True)
class Measure:
    """One control total: its name and the aggregate over rows under our column names."""

    name: str
    in_warehouse: str


# How a dialect floors a double to a BIGINT; DuckDB's way.
def _floor(expression: str) -> str:
    return f"CAST(floor({expression}) AS BIGINT)"


def money_aggregate(column: str, floor: Callable[[str], str] = _floor) -> str:
    """Sum of a money column in 1/10000, as an integer."""
    return f"sum({floor(f'{column} * 10000 + 0.5')})"


def volume_aggregate(fine: str | None, coarse: str | None) -> str:
    """Sum of volume in 1e-8 lots: the fine column where it is not zero, else the coarse one."""
    if fine and coarse:
        return f"sum(CASE WHEN {fine} > 0 THEN {fine} ELSE {coarse} * 10000 END)"
    if fine:
        return f"sum({fine})"
    return f"sum({coarse} * 10000)"


def measures(contract: TableContract) -> list[Measure]:
    """The totals of a contract: count, and money and volume where it has them."""
    found = [Measure("count", "count(*)")]
    if contract.money:
        found.append(Measure(f"sum_{contract.money}", money_aggregate(quoted(contract.money))))
    if contract.volumes:
        fine, coarse = (quoted(name) for name in contract.volumes)
        fine = f"coalesce({fine}, 0)"
        found.append(Measure("sum_volume", volume_aggregate(fine, f"coalesce({coarse}, 0)")))
    return found
