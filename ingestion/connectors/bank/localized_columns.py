"""Columns of localized text as the text contracts read: decimals with a point, ISO dates."""

from __future__ import annotations

import polars as pl


def decimal_text(column: str, decimal: str, thousands: str) -> pl.Expr:
    """``1.058,09`` -> ``1058.09``; ``12.50-`` and ``(12.50)`` are negative.

    A text that is no number afterwards stays as it was, so that its row is refused with it.
    """
    stated = pl.col(column).str.strip_chars().str.replace_all("[\u00a0\u202f\u2212]", " ")
    stated = pl.when(pl.col(column).str.contains("\u2212")).then("-" + stated).otherwise(stated)
    plain = stated.str.replace_all(" ", "", literal=True)
    for mark in thousands:
        plain = plain.str.replace_all(mark, "", literal=True)
    plain = plain.str.replace(decimal, ".", literal=True).str.replace(r"^\+", "")
    plain = plain.str.replace(r"^\((.*)\)$", "-${1}").str.replace(r"^([\d.]+)-$", "-${1}")
    return (
        pl.when(plain.str.contains(r"^-?(\d+\.?\d*|\.\d+)$"))
        .then(plain)
        .otherwise(pl.col(column))
        .alias(column)
    )


def date_text(column: str, form: str) -> pl.Expr:
    """A date in the form given (strptime) as ISO text; what does not fit stays as it was."""
    read = pl.col(column).str.strip_chars().str.to_date(form, strict=False, exact=False)
    return pl.coalesce(read.dt.to_string("%Y-%m-%d"), pl.col(column)).alias(column)
