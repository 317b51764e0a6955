"""Columns of localized text as the text contracts read: decimals with a point, ISO dates."""

from __future__ import annotations

import polars as pl

from ingestion.connectors import localized_text

# What a contract reads as a number.
_PLAIN = r"^\s*[+-]?[\d.]+\s*$"


def decimal_text(column: str, decimal: str, thousands: str) -> pl.Expr:
    """``1.058,09`` -> ``1058.09``; ``12.50-`` and ``(12.50)`` are negative.

    A text that is no number of this locale stays as it was, so that its row is refused with it; one
    that would be read as another number then (``1.23`` where the comma is the decimal mark) is
    marked as :data:`ingestion.connectors.localized_text.UNREADABLE`.
    """
    stated = pl.col(column)
    read = localized_text.decimal_text(stated, decimal, thousands)
    is_harmless = read.str.starts_with(localized_text.UNREADABLE) & ~stated.str.contains(_PLAIN)
    return pl.when(is_harmless).then(stated).otherwise(read).alias(column)


def date_text(column: str, form: str) -> pl.Expr:
    """A date in the form given (strptime) as ISO text; what does not fit stays as it was."""
    read = pl.col(column).str.strip_chars().str.to_date(form, strict=False, exact=False)
    return pl.coalesce(read.dt.to_string("%Y-%m-%d"), pl.col(column)).alias(column)
