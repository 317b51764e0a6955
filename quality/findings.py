"""What a check says: how many it looked at, how many do not hold, and how far the worst is off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Check:
    """One rule about the books and how it stands.

    Attributes:
        id: stable name of the rule.
        what: the rule as a sentence.
        population: how many rows, days or figures it was checked on.
        broken: how many of them break it.
        worst: the largest difference among the broken, in the unit of the rule; 0 where a rule
            has no size (it holds or it does not).
    """

    id: str
    what: str
    population: int
    broken: int
    worst: Decimal

    @property
    def holds(self) -> bool:
        """Whether nothing breaks the rule."""
        return self.broken == 0


def any_broken(checks: Iterable[Check]) -> bool:
    """Whether at least one rule is broken: `daybook check` then exits with 1."""
    return any(not check.holds for check in checks)
