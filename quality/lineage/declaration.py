"""How a mart says what its figures are made of; the engine beside it knows no mart by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# In an expression of a part: reporting currency per unit of the account's money, at the part's
# `rate_date`. NULL where no rate is known, and then the figure is not known either.
RATE = ":rate"
# How a key says that a column has no value.
NO_VALUE = "-"
# The name of a condition on the key as one text rather than on a column.
WHOLE_KEY = ""


@dataclass(frozen=True)
class SourceRows:
    """Where the source rows of a part lie.

    Attributes:
        table: the table in schema raw.
        key: the source's own key of a row.
        by: raw column -> the part's column that must equal it.
    """

    table: str
    key: tuple[str, ...]
    by: Mapping[str, str]


@dataclass(frozen=True)
class Part:
    """One kind of rows that figures of a mart are made of.

    Attributes:
        kind: what one row is, in a word or two.
        rows: a SELECT over canonical rows and the CTE ``subject`` (the mart's row as ``s``, with
            its ``subject_key``). It gives ``subject_key`` first, then what the other attributes
            name; ``main_currency``, ``money_divisor`` and ``rate_date`` where a figure is
            converted.
        names: the column that names a row.
        shows: columns that let a person recognise a row.
        adds: figure -> what a row adds to it, an expression over the columns of ``rows``.
        sources: the raw tables its rows came from, tried in turn.
        only_where: a condition on the mart's row ``s`` without which the part has no rows, and need
            not be read; empty: none.
    """

    kind: str
    rows: str
    names: str
    shows: tuple[str, ...]
    adds: Mapping[str, str]
    sources: tuple[SourceRows, ...] = ()
    only_where: str = ""

    def converts(self, figure: str) -> bool:
        """Whether a rate is used for that figure."""
        return RATE in self.adds.get(figure, "")


@dataclass(frozen=True)
class Rule:
    """A rule that shaped the figures.

    Attributes:
        what: the rule in a sentence.
        rows: a SELECT over ``subject`` of ``what_it_said`` (text), ``load_id`` and ``raw_row_id``
            (BIGINT, NULL for a rule of the project); empty for a rule that needs no row.
        source: the raw table of those rows; empty for a seed.
    """

    what: str
    rows: str = ""
    source: SourceRows | None = None


@dataclass(frozen=True)
class Lineage:
    """What the figures of one mart are made of.

    Attributes:
        table: ``schema.table``.
        key: the columns that name a row.
        key_text: the key as one text, an SQL expression over ``s``.
        currencies: figure -> the column that holds its currency; a figure that is not named is no
            money.
        parts: what the figures are sums of.
        rules: what shaped them.
        subject: the mart's rows, where a part needs a column that the mart has not; empty: the
            table as it is.
        keeps_rates_of_builds: rows are never converted again: their rates are those that the build
            saw which booked them. Mart and parts have its ``build_id``.
        key_separator: what stands between the columns in that text, where it is made by
            :func:`joined_key`; empty where it is not.
        implies: key column, or :data:`WHOLE_KEY` -> what its ``:value`` says of other columns, a
            condition over ``s``: so that not every row need be read to find one.
    """

    table: str
    key: tuple[str, ...]
    key_text: str
    currencies: Mapping[str, str]
    parts: tuple[Part, ...]
    rules: tuple[Rule, ...] = ()
    subject: str = ""
    keeps_rates_of_builds: bool = False
    key_separator: str = ""
    implies: Mapping[str, str] = field(default_factory=dict)

    @property
    def mart_rows(self) -> str:
        """The SELECT that gives the mart's rows."""
        return self.subject or f"SELECT * FROM lake.{self.table}"

    @property
    def figures(self) -> tuple[str, ...]:
        """The explained columns, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.adds))


def joined_key(columns: Sequence[str], separator: str) -> str:
    """The ``key_text`` of columns that have no key of their own: all of them, in that order, a
    column without a value as :data:`NO_VALUE`."""
    texts = ", ".join(f"coalesce(CAST(s.\"{name}\" AS VARCHAR), '{NO_VALUE}')" for name in columns)
    return f"concat_ws('{separator}', {texts})"
