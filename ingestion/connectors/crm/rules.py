"""What rows of a CRM must satisfy beyond their types; each rule names the rows it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from ingestion.checks import ROW


def validity_is_forward(rows: pl.DataFrame) -> pl.DataFrame:
    """valid_to, where there is one, lies after valid_from."""
    return refused(
        rows.filter(pl.col("valid_to") <= pl.col("valid_from")),
        "valid_to",
        "valid_to is not after valid_from",
    )


def refused(rows: pl.DataFrame, column: str, reason: str | pl.Expr) -> pl.DataFrame:
    """Rows as refusals: the column at fault and why.

    Args:
        rows: with their ``_n``.
        column: our name of it.
        reason: one for all of them, or an expression over their columns.
    """
    why = pl.lit(reason) if isinstance(reason, str) else reason
    return rows.select(ROW, pl.lit(column).alias("column_name"), why.alias("reason"))


def refusals(found: list[tuple[int, str, str]]) -> pl.DataFrame:
    """Refusals as a frame, from (``_n``, column, reason)."""
    return pl.DataFrame(
        found,
        schema={ROW: pl.Int64, "column_name": pl.String, "reason": pl.String},
        orient="row",
    )


def overlapping(
    rows: pl.DataFrame, key: Sequence[str], reason: Callable[[dict[str, Any]], str]
) -> pl.DataFrame:
    """Of rows with the same key whose times overlap, those that start later, as refusals.

    Half-open intervals: one that starts on the day another ends does not overlap it. A refused row
    does not count against the ones after it, so this goes through them in order.

    Args:
        rows: with ``_n``, ``valid_from``, ``valid_to`` and the columns of the key.
        key: what may be said once at a time.
        reason: why, from the row that was there first.
    """
    ordered = rows.sort(*key, "valid_from", ROW).iter_rows(named=True)
    found: list[tuple[int, str, str]] = []
    for _, group in groupby(ordered, key=lambda row: tuple(row[name] for name in key)):
        held: dict[str, Any] | None = None
        for row in group:
            if held is not None and row["valid_from"] < (held["valid_to"] or dt.date.max):
                found.append((row[ROW], "valid_from", reason(held)))
            else:
                held = row
    return refusals(found)
