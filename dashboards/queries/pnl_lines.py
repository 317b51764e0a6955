"""The broker's P&L by line and book."""

from __future__ import annotations

import polars as pl

from dashboards.queries.scope import CHOSEN_LINES, Scope
from dashboards.reading import Lake

_LINES = (
    CHOSEN_LINES
    + """
SELECT
    n.place,
    n.label,
    n.meaning,
    c.book,
    sum(c.amount_reporting)::DECIMAL(38, 8) AS amount,
    count(*) - count(c.amount_reporting) AS unconverted
FROM chosen AS c
LEFT JOIN lake.reference.ref_pnl_lines AS n ON n.line = c.line
GROUP BY ALL
"""
)


def lines_by_book(lake: Lake, scope: Scope) -> pl.DataFrame:
    """One row a line, in the order of the reference: ``label``, ``meaning``, one column of money
    in reporting currency for each book, ``total``, and ``unconverted``, what lacks a rate."""
    held = scope.rows(lake, _LINES)
    if held.is_empty():
        return held
    keys = ["place", "label", "meaning"]
    # The same line comes once from the closed and once from the open days.
    summed = held.group_by([*keys, "book"]).agg(pl.col("amount", "unconverted").sum())
    wide = summed.pivot(on="book", index=keys, values="amount", sort_columns=True)
    totals = summed.group_by(keys).agg(
        pl.col("amount").sum().alias("total"), pl.col("unconverted").sum()
    )
    books = [name for name in wide.columns if name not in keys]
    filled = wide.with_columns(pl.col(books).fill_null(0))
    return filled.join(totals, on=keys).sort("place").drop("place")
