"""What one version of one filing's specification is, and what a run of it hands back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from exports.publication import Publication


@dataclass(frozen=True)
class FilingRequest:
    """Whose filing, over which window, from which publication."""

    tenant: str
    legal_entity: str
    """Empty for every legal entity of the tenant."""
    window_from: dt.date
    window_to: dt.date
    publication: Publication
    issuer: str
    reporting_currency: str


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule found over the records it was checked on."""

    rule_id: str
    what: str
    population: int
    broken: int


@dataclass(frozen=True)
class FilingDraft:
    """A filing before it is archived and registered."""

    parameters: Mapping[str, str]
    rule_set_hash: str
    population: int
    included: int
    excluded: Mapping[str, int]
    """Number of excluded records by reason."""
    result: Mapping[str, object]
    headline: str
    """The result in one line."""
    validation: tuple[RuleOutcome, ...]
    files: Mapping[str, bytes]
    """Content by file name, in the order they are listed."""


@dataclass(frozen=True)
class Specification:
    """One version of a filing's specification: what it reads, over which window, and its files.

    A package `exports/filings/<regime>/v<version>/` states one as `SPECIFICATION`; nothing else
    has to know of it.
    """

    regime: str
    version: str
    title: str
    window: Callable[[duckdb.DuckDBPyConnection, dt.date], tuple[dt.date, dt.date]]
    """First and last day of the window that ends on a day, by the rules in force then."""
    next_window_to: Callable[[duckdb.DuckDBPyConnection, dt.date], dt.date]
    """Last day of the window after the one that ended on a day."""
    servers: Callable[[duckdb.DuckDBPyConnection, str, str], list[str]]
    """Servers whose days must be published, of a tenant and legal entity."""
    make: Callable[[duckdb.DuckDBPyConnection, FilingRequest], FilingDraft]
    """The filing, read from a connection at the request's snapshot."""
