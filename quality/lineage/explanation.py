"""An explained row of a mart: its figures, the rows they add up from, and where those came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One figure and what its parts come to.

    Attributes:
        value: as the mart has it; None where it is not known.
        total: what the parts come to, unrounded; None where a rate is missing, or nothing adds.
        rows: how many part rows add something.
        difference: value less total; 0 where both are unknown.
        adds_up: whether the difference is no more than the mart's rounding: each conversion is
            kept to eight decimals.
    """

    column: str
    currency: str | None
    value: Decimal | None
    total: Decimal | None
    rows: int
    difference: Decimal | None
    adds_up: bool


@dataclass(frozen=True)
class SourceRow:
    """One source row, with the load that brought it."""

    source: str
    kind: str | None
    raw_table: str
    source_table: str | None
    source_key: str
    source_row: int | None
    load_id: int
    loaded_at: dt.datetime | None
    origin: str | None
    """The file, or the database's table, it was read from."""
    sha256: str | None
    """Of the file; of the rows read where the source is no file."""


@dataclass(frozen=True)
class PartRow:
    """One row that figures are made of."""

    kind: str
    name: str
    shows: Mapping[str, Any]
    adds: Mapping[str, Decimal | None]
    """Figure -> what it adds; None where its rate is missing."""
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class RateUsed:
    """A rate that parts were converted with."""

    business_date: dt.date
    currency: str
    reporting_currency: str
    rate: Decimal | None
    """Reporting currency per unit; None: no source covers it."""
    rate_set: str | None
    rate_date: dt.date | None
    age_days: int | None
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class RuleSaid:
    """A rule that shaped the figures, with what it said of this row."""

    what: str
    said: str | None
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class Explanation:
    """A row of a mart, explained as of a snapshot."""

    table: str
    key: Mapping[str, Any]
    key_text: str
    snapshot_id: int
    watermark: int
    """The loads the figures were made from: those up to this id."""
    figures: tuple[Figure, ...]
    parts: tuple[PartRow, ...]
    rates: tuple[RateUsed, ...]
    rules: tuple[RuleSaid, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every figure is re-added."""
        return all(figure.adds_up for figure in self.figures)
