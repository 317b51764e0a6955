"""What rows of a CRM must satisfy beyond their types; each rule names the rows it refuses."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

import polars as pl

from ingestion.checks import ROW

_AGREEMENT = ("partner_id", "level", "model", "symbol_pattern", "account_group_pattern")
_ENDLESS = dt.date.max


def validity_is_forward(rows: pl.DataFrame) -> pl.DataFrame:
    """valid_to, where there is one, lies after valid_from."""
    return _refused(
        rows.filter(pl.col("valid_to") <= pl.col("valid_from")),
        "valid_to",
        "valid_to is not after valid_from",
    )


def per_lot_has_currency(rows: pl.DataFrame) -> pl.DataFrame:
    """An amount per lot says in which currency."""
    return _refused(
        rows.filter((pl.col("model") == "per_lot") & pl.col("currency").is_null()),
        "currency",
        "a per_lot rate needs a currency",
    )


def share_is_a_ratio(rows: pl.DataFrame) -> pl.DataFrame:
    """A commission share is between 0 and 1, a rate is never negative."""
    return _refused(
        rows.filter(
            (pl.col("rate") < 0) | ((pl.col("model") == "commission_share") & (pl.col("rate") > 1))
        ),
        "rate",
        "rate is negative, or a commission_share above 1",
    )


def agreements_do_not_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """Of agreements on the same thing whose times overlap, the one that starts later is refused.

    Half-open intervals: one that starts on the day another ends does not overlap it. A refused
    agreement does not count against the ones after it, so this goes through them in order.
    """
    ordered = rows.select(ROW, "agreement_id", "valid_from", "valid_to", *_AGREEMENT).sort(
        *_AGREEMENT, "valid_from", ROW
    )
    refused: list[tuple[int, str, str]] = []
    entries = ordered.iter_rows(named=True)
    for _, agreements in groupby(entries, key=lambda row: tuple(row[c] for c in _AGREEMENT)):
        held_until = dt.date.min
        held_by = ""
        for row in agreements:
            if row["valid_from"] < held_until:
                reason = f"overlaps agreement {held_by} on the same partner, level and patterns"
                refused.append((row[ROW], "valid_from", reason))
                continue
            held_until, held_by = row["valid_to"] or _ENDLESS, row["agreement_id"]
    return pl.DataFrame(
        refused,
        schema={ROW: pl.Int64, "column_name": pl.String, "reason": pl.String},
        orient="row",
    )


def _refused(rows: pl.DataFrame, column: str, reason: str) -> pl.DataFrame:
    return rows.select(ROW, pl.lit(column).alias("column_name"), pl.lit(reason).alias("reason"))
