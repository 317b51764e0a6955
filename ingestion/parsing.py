"""Reads a column as its contract's type, whatever the source's driver made of it.

Each function gives a Polars expression that is NULL where the value cannot be read; telling a
value that was NULL from one that was wrong is the work of :mod:`ingestion.checks`.
"""

from __future__ import annotations

import polars as pl

from ingestion.contracts import POLARS_TYPES

# What an export writes for "no date": MySQL's zero date, month or day zero, and second 0 of 1970.
ZERO_DATE = r"^\s*(0000-|\d{4}-00|\d{4}-\d{2}-00|1970-01-01([ T]00:00(:00(\.0+)?)?)?\s*$)"
_EPOCH_SECONDS = r"^\s*\d{9,11}(\.\d+)?\s*$"
_INTEGRAL = (
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
)  # fmt: skip


def parse(name: str, held: pl.DataType, wanted: str) -> pl.Expr:
    """The column ``name``, of Polars type ``held``, as the contract's type ``wanted``."""
    column = pl.col(name)
    target = POLARS_TYPES[wanted]
    if held == pl.Null:
        return pl.lit(None, dtype=target).alias(name)
    if wanted == "TIMESTAMP":
        parsed = _timestamp(column, held)
    elif wanted == "DATE":
        parsed = _date(column, held)
    elif wanted == "BOOLEAN":
        parsed = _boolean(column, held)
    elif wanted in ("BIGINT", "INTEGER"):
        parsed = _integer(column, held, target)
    elif wanted == "DOUBLE":
        number = _stripped(column, held).cast(pl.Float64, strict=False)
        parsed = pl.when(number.is_finite()).then(number)
    elif wanted == "VARCHAR":
        parsed = column.cast(pl.String, strict=False)
    else:
        parsed = _stripped(column, held).cast(target, strict=False)
    return parsed.alias(name)


def plain_timestamps(texts: pl.Series) -> pl.Series | None:
    """Timestamps whose texts all have the one form databases write; None if any has another.

    Trying every form on every row costs ten times as much, and hardly any source needs it.
    """
    read = texts.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    earliest = read.dt.timestamp("us").min()
    if read.null_count() != texts.null_count():
        return None
    return read if isinstance(earliest, int) and earliest > 0 else None


def is_zero_date(name: str, held: pl.DataType) -> pl.Expr:
    """Where a value stands for "no date" rather than being a wrong one."""
    column = pl.col(name)
    if held == pl.String:
        return column.str.contains(ZERO_DATE).fill_null(False)
    if isinstance(held, pl.Datetime):
        return (column.dt.timestamp("us") <= 0).fill_null(False)
    if held in _INTEGRAL:
        return (column <= 0).fill_null(False)
    return pl.lit(False)


def is_blank(name: str, held: pl.DataType) -> pl.Expr:
    """Where there is no value at all; an empty text is none for every type but VARCHAR."""
    column = pl.col(name)
    if held == pl.String:
        return column.is_null() | (column.str.strip_chars() == "")
    return column.is_null()


def _stripped(column: pl.Expr, held: pl.DataType) -> pl.Expr:
    return column.str.strip_chars() if held == pl.String else column


def _integer(column: pl.Expr, held: pl.DataType, target: pl.DataType) -> pl.Expr:
    if held in _INTEGRAL or isinstance(held, pl.Decimal):
        return column.cast(target, strict=False)
    text = _stripped(column, held)
    number = text.cast(pl.Float64, strict=False)
    # "5.0" is five, "5.5" is no integer.
    whole = pl.when(number == number.floor()).then(number).cast(target, strict=False)
    if held == pl.String:
        return pl.coalesce(text.cast(target, strict=False), whole)
    return whole


def _timestamp(column: pl.Expr, held: pl.DataType) -> pl.Expr:
    microseconds = pl.Datetime("us")
    if held == pl.String:
        text = column.str.strip_chars().str.replace("T", " ", literal=True)
        text = text.str.replace(r"(Z|[+-]00:?00)$", "")
        text = pl.when(text.str.len_chars() == 10).then(text + " 00:00:00").otherwise(text)
        seconds = (
            pl.when(column.str.contains(_EPOCH_SECONDS))
            .then(column.str.strip_chars())
            .cast(pl.Float64, strict=False)
        )
        read = pl.coalesce(
            text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us"),
            text.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us"),
            (seconds * 1_000_000).cast(pl.Int64, strict=False).cast(microseconds),
        )
    elif isinstance(held, pl.Datetime):
        read = (
            column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            if held.time_zone
            else column
        ).cast(microseconds, strict=False)
    elif held == pl.Date:
        read = column.cast(microseconds, strict=False)
    else:
        # Integers are microseconds since 1970: how connectors/dialects.py sends MySQL dates.
        read = column.cast(pl.Int64, strict=False).cast(microseconds, strict=False)
    return pl.when(read.dt.timestamp("us") > 0).then(read)


def _date(column: pl.Expr, held: pl.DataType) -> pl.Expr:
    if held == pl.String:
        text = column.str.strip_chars()
        return pl.when(text.str.contains(r"^\d{4}-\d{2}-\d{2}([ T].*)?$")).then(
            text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        )
    return column.cast(pl.Date, strict=False)


def _boolean(column: pl.Expr, held: pl.DataType) -> pl.Expr:
    text = column.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    return (
        pl.when(text.is_in(["true", "t", "yes", "y", "1"]))
        .then(True)
        .when(text.is_in(["false", "f", "no", "n", "0"]))
        .then(False)
    )
