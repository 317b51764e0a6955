"""Rounding a list of figures so that the rounded parts still add up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from warehouse.money import round_half_away


def round_parts(parts: Sequence[Decimal], total: Decimal, digits: int) -> list[Decimal]:
    """Round signed parts by largest remainder so that they add up to an already rounded total.

    Parts that are exact at `digits` and add up to the total come back unchanged. A part moves by
    less than one minor unit wherever the parts add up to the total within rounding.

    Args:
        parts: exact figures; their sum may differ from `total` by rounding only.
        total: what they must add up to, with at most `digits` decimals.
        digits: decimals of the minor unit.

    Raises:
        ValueError: the total is not the parts' sum to within one minor unit a part.
    """
    unit = Decimal(1).scaleb(-digits)
    if round_half_away(total, digits) != total:
        raise ValueError(f"{total} has more than {digits} decimals")
    floors = [part.quantize(unit, rounding=ROUND_FLOOR) for part in parts]
    missing = int((total - sum(floors, Decimal(0))) / unit)
    # One more unit than there are parts is owed at most when the total itself was rounded up.
    if abs(missing) > len(parts) + 1 or (missing and not parts):
        raise ValueError(f"the parts {sum(parts)} do not add up to {total}")
    order = sorted(range(len(parts)), key=lambda index: (floors[index] - parts[index], index))
    step = unit if missing > 0 else -unit
    if missing < 0:
        order.reverse()
    for count in range(abs(missing)):
        floors[order[count % len(order)]] += step
    return floors
