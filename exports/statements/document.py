"""A statement before it has a format: facts and tables whose figures are already rounded.

The PDF, the CSV and the workbook are written from this one object, so they cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from exports.statements.catalogue import DEFAULT, Catalogue, catalogue
from exports.statements.presentation import Presentation

Cell = str | int | Decimal | dt.date | dt.datetime | None
ColumnKind = Literal["text", "money", "lots", "price", "rate", "count", "date", "time"]


@dataclass(frozen=True)
class Column:
    """One column of a table; every kind but text is set flush right."""

    key: str
    title: str
    kind: ColumnKind = "text"


@dataclass(frozen=True)
class Section:
    """One table. Money cells carry exactly the decimals they are shown with."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    currency: str = ""
    """Currency of the money columns; empty where a column states it row by row."""
    note: str = ""
    empty: str = "None in this period."

    def without_empty(self, keys: tuple[str, ...]) -> Section:
        """The section without those of the columns in which nothing happened."""
        kept = [
            index
            for index, column in enumerate(self.columns)
            if column.key not in keys or any(row[index] for row in self.rows)
        ]
        return replace(
            self,
            columns=tuple(self.columns[index] for index in kept),
            rows=tuple(tuple(row[index] for index in kept) for row in self.rows),
        )

    def with_total(self, digits: int, title: str = "Total") -> Section:
        """The section with a total under every money column, where it has rows."""
        if not self.rows:
            return self
        nothing = Decimal(0).quantize(Decimal(1).scaleb(-digits))
        total: list[Cell] = [
            sum((cell for row in self.rows if isinstance(cell := row[index], Decimal)), nothing)
            if column.kind == "money"
            else None
            for index, column in enumerate(self.columns)
        ]
        total[0] = title
        return replace(self, total=tuple(total))


@dataclass(frozen=True)
class Fact:
    """One labelled line of a header."""

    key: str
    label: str
    value: str


@dataclass(frozen=True)
class Part:
    """What a statement says about one account, or about the client as a whole."""

    key: str
    """account_key, or `consolidated`."""
    title: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StatementDocument:
    """A whole statement."""

    number: str
    kind: Literal["client", "account", "partner", "costs", "notice", "tax", "challenge", "copy"]
    title: str
    issuer: str
    subject: str
    """Name of the client or partner, as the letterhead shows it."""
    period_label: str
    facts: tuple[Fact, ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    published_at: dt.datetime
    """UTC; the only instant a statement carries."""
    presentation: Presentation | None = None
    """Language, colours, logo; plain English without one."""

    @property
    def words(self) -> Catalogue:
        """The catalogue of its language."""
        return self.presentation.words if self.presentation else catalogue(DEFAULT)

    def letterhead(self) -> tuple[Fact, ...]:
        """What stands at the top of the first page, as facts."""
        values = {
            "statement_number": self.number,
            "title": self.title,
            "issuer": self.issuer,
            "subject": self.subject,
        }
        return tuple(Fact(key, self.words(f"fact.{key}"), text) for key, text in values.items())


def plain(cell: Cell) -> str:
    """A cell as a machine reads it: no thousands separators, ISO dates, empty for nothing."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{abs(cell) if cell == 0 else cell:f}"
    if isinstance(cell, dt.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)


def printed(cell: Cell) -> str:
    """A cell as a person reads it: thousands separated, nothing else changed."""
    if isinstance(cell, Decimal):
        return f"{abs(cell) if cell == 0 else cell:,f}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return plain(cell)
