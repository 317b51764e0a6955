"""The table of the finance page that shows every line of the broker's P&L by book."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.figures import styled
from dashboards.panels import titled_download
from dashboards.queries.pnl_lines import lines_by_book
from dashboards.queries.scope import Scope
from dashboards.reading import Lake
from warehouse.money import minor_unit

_TOTAL = "Total"


def show_pnl_lines(lake: Lake, scope: Scope, currency: str) -> None:
    """Draw the lines of the chosen days, and their total; nothing where there are none."""
    held = lines_by_book(lake, scope)
    if held.is_empty():
        return
    books = [name for name in held.columns if name not in ("label", "meaning", "unconverted")]
    titled_download(
        f"**By line and book** ({currency})",
        held.with_columns(pl.lit(currency).alias("currency")),
        f"pnl-lines-{scope.choice.first}-{scope.choice.last}",
    )
    sums = held.select(
        pl.lit(_TOTAL).alias("label"),
        pl.lit("All lines").alias("meaning"),
        *(pl.col(name).sum() for name in books),
    )
    shown = pl.concat([held.select(sums.columns), sums])
    table = shown.select(
        pl.col("label").alias("Line"),
        *(pl.col(name).alias(_heading(name)) for name in books),
        pl.col("meaning").alias("What it is"),
    )
    headings = [_heading(name) for name in books]
    st.dataframe(
        styled(table, money=headings, digits=minor_unit(currency)),
        hide_index=True,
        # Every line, and the total below them, without scrolling.
        height=33 * (table.height + 1) + 3,
    )
    if missing := int(held["unconverted"].sum()):
        st.warning(
            f"{missing:,} amounts have no exchange rate to {currency} and are missing here. "
            "Load the rates of those days, then run `daybook build`."
        )


def _heading(name: str) -> str:
    if name == "total":
        return _TOTAL
    return f"Book {name}" if len(name) == 1 else name.capitalize()
