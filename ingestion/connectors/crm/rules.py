"""What rows of a CRM must satisfy beyond their types; each rule names the rows it refuses."""

from __future__ import annotations

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
