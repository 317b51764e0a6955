"""The gates: which rows of a closed day are looked at, and what is expected of them.

Suites are plain data. An expectation is named as Great Expectations names it; what takes several
columns or several tables (identities, orphans) is a computed column of the gate's query, so that
the arithmetic is exact DECIMAL in DuckDB and the expectation reads one value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# An amount beyond this is a parsing error, not money: a thousand billion of any currency.
LARGEST_AMOUNT = 10**12
# A server's clock runs at most this far ahead of UTC.
AHEAD_OF_UTC = "INTERVAL 14 HOUR"

IS_FUTURE = (
    f"f.{{column}} > (current_timestamp AT TIME ZONE 'UTC' + {AHEAD_OF_UTC})::DATE AS is_future"
)


@dataclass(frozen=True)
class Expected:
    """One expectation.

    Attributes:
        kind: class name in ``great_expectations.expectations``.
        why: the rule as a sentence, shown where it fails and in the evidence.
        options: arguments of the expectation.
    """

    kind: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """What is expected of one table's rows of closed days.

    Attributes:
        table: ``schema.name`` in the lake.
        key: columns that identify a row, shown with what fails.
        rows: query of the rows of the table ``gate_days`` (tenant_id, server_id, business_date):
            the table's columns as ``f.*``, then computed ones.
        date: column of ``rows`` by which it is read in chunks.
        expected: the expectations.
    """

    table: str
    key: tuple[str, ...]
    rows: str
    date: str
    expected: tuple[Expected, ...]


def columns(*names: str) -> Expected:
    """The table has these columns; more are allowed."""
    return Expected(
        "ExpectTableColumnsToMatchSet",
        "The columns other parts read are there",
        {"column_set": list(names), "exact_match": False},
    )


def filled(*names: str) -> tuple[Expected, ...]:
    """No NULL in any of these columns."""
    return tuple(
        Expected("ExpectColumnValuesToNotBeNull", f"{name} is never empty", {"column": name})
        for name in names
    )


def unique(*names: str) -> Expected:
    """The columns together identify a row."""
    if len(names) == 1:
        return Expected(
            "ExpectColumnValuesToBeUnique", f"{names[0]} identifies a row", {"column": names[0]}
        )
    return Expected(
        "ExpectCompoundColumnsToBeUnique",
        f"{', '.join(names)} identify a row",
        {"column_list": list(names)},
    )


def one_of(name: str, *values: str) -> Expected:
    """The column holds one of these values, or nothing."""
    return Expected(
        "ExpectColumnValuesToBeInSet",
        f"{name} is one of {', '.join(values)}",
        {"column": name, "value_set": list(values)},
    )


def like(name: str, pattern: str, why: str) -> Expected:
    """The column's text has this form, or is nothing."""
    return Expected("ExpectColumnValuesToMatchRegex", why, {"column": name, "regex": pattern})


def between(name: str, low: float | None, high: float | None, why: str) -> Expected:
    """The column lies within bounds, both allowed, or is nothing."""
    return Expected(
        "ExpectColumnValuesToBeBetween",
        why,
        {"column": name, "min_value": low, "max_value": high},
    )


def amounts(*names: str) -> tuple[Expected, ...]:
    """The columns hold amounts of money that can be."""
    return tuple(
        between(name, -LARGEST_AMOUNT, LARGEST_AMOUNT, f"{name} is an amount that can be")
        for name in names
    )


def zero(name: str, why: str) -> Expected:
    """The computed difference is exactly zero."""
    return between(name, 0, 0, why)


def never(name: str, why: str) -> Expected:
    """The computed flag is false for every row."""
    return Expected("ExpectColumnValuesToBeInSet", why, {"column": name, "value_set": [False]})


def not_future(name: str) -> Expected:
    """No row is dated ahead of the clock."""
    return never("is_future", f"{name} is not in the future")


CURRENCY = r"^[A-Z]{3,4}$"
