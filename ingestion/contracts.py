"""What a source has to hand over: one contract a table, declared once, as data.

A contract names the columns in the source's own spelling; ours is the snake_case of it. The
loader derives everything else from it: the DDL of the raw table, the checks, the comparison of
versions and the control totals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

ColumnType = Literal[
    "BIGINT",
    "INTEGER",
    "DOUBLE",
    "VARCHAR",
    "TIMESTAMP",
    "DATE",
    "BOOLEAN",
    "DECIMAL(24,8)",
    "DECIMAL(24,12)",
]

# Typed rows with their ``_n`` -> (_n, column_name, reason) of the rows that a rule refuses.
Rule = Callable[[pl.DataFrame], pl.DataFrame]

Versioning = Literal["marker", "content", "live"]

POLARS_TYPES: dict[str, pl.DataType] = {
    "BIGINT": pl.Int64(),
    "INTEGER": pl.Int32(),
    "DOUBLE": pl.Float64(),
    "VARCHAR": pl.String(),
    "TIMESTAMP": pl.Datetime("us"),
    "DATE": pl.Date(),
    "BOOLEAN": pl.Boolean(),
    "DECIMAL(24,8)": pl.Decimal(24, 8),
    "DECIMAL(24,12)": pl.Decimal(24, 12),
}

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """``DailySOCompensation`` -> ``daily_so_compensation``."""
    return _WORD_START.sub("_", name).lower()


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes:
        source: the source's name for it; matched without regard to case.
        type: DuckDB type of our column.
        name: our name; snake_case of ``source`` when left empty.
        required: a source without this column cannot be loaded.
        nullable: False quarantines a row where it is NULL (or a zero date).
        pii: personal data: goes to schema pii, never to raw, quarantine or a log.
        allowed: the only values it may take; empty allows all.
        zero_is_null: a database writes 0, or 1970-01-01, where there is no value; not for files.
    """

    source: str
    type: ColumnType
    name: str = ""
    required: bool = False
    nullable: bool = True
    pii: bool = False
    allowed: tuple[str, ...] = ()
    zero_is_null: bool = False

    @property
    def target(self) -> str:
        """Our name of the column."""
        return self.name or snake_case(self.source)


def must(name: str, column_type: ColumnType = "VARCHAR", allowed: tuple[str, ...] = ()) -> Column:
    """A column that a source must have and a row must fill."""
    return Column(name, column_type, required=True, nullable=False, allowed=allowed)


@dataclass(frozen=True)
class LoginLookup:
    """A raw table that knows the login behind another number of an account."""

    number: str
    table: str
    login: str


@dataclass(frozen=True)
class TableContract:
    """One source table and the raw table it is loaded into.

    Attributes:
        table: name in schema raw (and pii, where a column is personal data).
        source_table: the source's name of the table, or of the file without its suffix.
        key: our names of the columns that identify a row within one source.
        columns: in the order of the raw table.
        versioning: ``marker`` reads by a change marker, ``content`` reads it whole and keeps
            versions, ``live`` reads it whole and keeps the newest state only.
        marker: our name of the column that moves when a row changes.
        marker_unit: what it counts: FILETIME (100 ns since 1601) or seconds since 1970.
        yearly: the source may split it into ``<source_table>_YYYY``.
        required: a source without this table is in error, not merely poorer.
        optional: a source without it is complete: nothing is said until it was loaded once.
        block: column and width of the key blocks that reconciliation compares.
        checksum: whole-number and money columns that it compares; empty: the marker alone.
        business_date: the column whose day is the row's business day, and how to read it: server
            time, seconds of the server's clock, or milliseconds UTC that its clock rule translates.
        money: column summed in the control totals.
        volumes: columns summed as volume: the fine one (1e-8 lot; may be empty) and the coarse
            one.
        lot: how many of the coarse volume column's units a lot has.
        touches: what a change invalidates: the login's day, its whole history, or the closes that
            a quote values.
        touch_columns: only a change of one of these invalidates; empty means any. What is no plain
            column is SQL over the alias ``{row}``.
        touch_days: columns of server seconds whose days a row touches beside its business day.
        login: where rows name the account by another number: which, and where its login stands.
        rules: what a row must satisfy beyond its types, given the other rows of its batch.
        unread: the source's columns that are known and left where they are, on purpose.
    """

    table: str
    source_table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    versioning: Versioning = "content"
    marker: str = ""
    marker_unit: Literal["filetime", "seconds"] = "filetime"
    yearly: bool = False
    required: bool = False
    optional: bool = False
    block: tuple[str, int] | None = None
    checksum: tuple[str, ...] = ()
    business_date: tuple[str, Literal["timestamp", "epoch", "epoch_ms"]] | None = None
    money: str = ""
    volumes: tuple[str, str] | None = None
    lot: int = 10_000
    touches: Literal["", "day", "history", "group", "quotes"] = ""
    touch_columns: tuple[str, ...] = ()
    touch_days: tuple[str, ...] = ()
    login: LoginLookup | None = None
    rules: tuple[Rule, ...] = ()
    unread: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name of ours."""
        for column in self.columns:
            if column.target == name:
                return column
        raise KeyError(f"{self.table} has no column {name}")

    @property
    def public_columns(self) -> tuple[Column, ...]:
        """The columns of raw.<table>."""
        return tuple(column for column in self.columns if not column.pii)

    @property
    def private_columns(self) -> tuple[Column, ...]:
        """The columns of pii.<table>: the key and the personal data; empty without any."""
        if not any(column.pii for column in self.columns):
            return ()
        return tuple(c for c in self.columns if c.pii or c.target in self.key)
