"""The registry of metrics: rows of dbt_project/seeds/reference/ref_metrics.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, cast

from warehouse.errors import UsageError
from warehouse.settings import PROJECT_ROOT

REGISTRY = PROJECT_ROOT / "dbt_project" / "seeds" / "reference" / "ref_metrics.csv"

Kind = Literal["sum", "distinct", "ratio", "cumulative", "cohort"]

# What a metric may be asked by, and the column of metrics.rpt_metrics__inputs that holds it.
DIMENSIONS = {
    "legal_entity": "legal_entity",
    "book": "book",
    "server": "server_id",
    "country": "country",
    "partner": "partner_key",
    "desk": "desk",
    "instrument": "instrument",
    "client": "client_key",
    "account": "account_key",
}
# Any metric may be asked by one of these; a week begins on Monday.
TIMES = ("day", "week", "month")


@dataclass(frozen=True)
class Metric:
    """One metric, as the registry states it."""

    name: str
    label: str
    unit: str
    kind: Kind
    inputs: tuple[str, ...]
    measure: str
    """What is summed, or the condition on whom is counted; empty for the other kinds."""
    numerator: str
    denominator: str
    factor: Decimal | None
    dimensions: tuple[str, ...]
    description: str

    @property
    def is_additive(self) -> bool:
        """Whether its values over days and dimensions may be added."""
        return self.kind == "sum"

    @property
    def formula(self) -> str:
        """How it is made, in one line."""
        times = "" if self.factor is None or self.factor == 1 else f" x {self.factor.normalize():f}"
        match self.kind:
            case "sum":
                return f"sum of {self.measure}{times}"
            case "distinct":
                return f"clients with {self.measure}, each once"
            case "ratio":
                return f"{self.numerator} / {self.denominator}{times}"
            case "cumulative":
                return f"{self.numerator} / {self.denominator}, both since the first day"
            case "cohort":
                return f"{self.denominator} of a month who are {self.numerator} months later"

    def checked_dimensions(self, by: tuple[str, ...]) -> tuple[str, ...]:
        """``by`` as it was given.

        Raises:
            UsageError: the metric cannot be asked by one of them.
        """
        allowed = self.dimensions if self.kind == "cohort" else (*TIMES, *self.dimensions)
        for name in by:
            if name not in allowed:
                raise UsageError(
                    f"{self.name} cannot be asked by {name}.",
                    todo=f"use {', '.join(allowed)}",
                )
        if len(set(by)) < len(by) or len([name for name in by if name in TIMES]) > 1:
            raise UsageError(
                f"{', '.join(by)} says something twice.",
                todo="name each dimension once, and one of day, week and month at most",
            )
        return by


@cache
def definitions() -> dict[str, Metric]:
    """Every metric by its name, in the registry's order."""
    with REGISTRY.open(encoding="utf-8", newline="") as file:
        return {row["metric"]: _metric(row) for row in csv.DictReader(file)}


def definition(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UsageError: there is none.
    """
    found = definitions().get(name)
    if found is None:
        raise UsageError(
            f"There is no metric {name}.", todo=f"use one of: {', '.join(definitions())}"
        )
    return found


def _metric(row: dict[str, str]) -> Metric:
    return Metric(
        name=row["metric"],
        label=row["label"],
        unit=row["unit"],
        kind=cast("Kind", row["kind"]),
        inputs=tuple(row["inputs"].split()),
        measure=row["measure"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        factor=Decimal(row["factor"]) if row["factor"] else None,
        dimensions=tuple(row["dimensions"].split()),
        description=row["description"],
    )
