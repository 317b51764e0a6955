"""On the Finance page: one line of the P&L down to its source rows, and days that were restated."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from dashboards.figures import styled
from dashboards.panels import empty_panel, table_height, titled_download
from dashboards.queries import explained
from dashboards.queries.scope import Scope
from dashboards.reading import Lake
from quality.lineage import Explanation, SourceRow
from warehouse.money import minor_unit

_DAILY = "Account and symbol"
_MARTS = {_DAILY: explained.PNL, "Line of the broker's P&L": explained.BROKER_PNL}


def show_explained(lake: Lake, scope: Scope, currency: str) -> None:
    """Let the reader pick a line of the P&L of the scope, and show what it was made of.

    Args:
        lake: the lake.
        scope: the selected rows.
        currency: reporting currency.
    """
    st.subheader("Explain", anchor=False)
    of = st.segmented_control(
        "Explain by", list(_MARTS), default=_DAILY, required=True, key="explain-of"
    )
    mart = _MARTS[of or _DAILY]
    lines = explained.pnl_lines(lake, scope, mart)
    if lines.is_empty():
        empty_panel("No line of the P&L is selected.")
        return
    totals = dict(zip(lines["key_text"], lines["figure"], strict=True))
    digits = minor_unit(currency)
    picked = st.selectbox(
        f"Line of the P&L: {mart.named_by} ({lines.height:,} to choose from)",
        list(totals),
        format_func=lambda key: (
            f"{key}   {'no rate' if totals[key] is None else f'{totals[key]:,.{digits}f}'} "
            f"{currency}"
        ),
        key=f"explain-line-{mart.figure}",
    )
    snapshot = int(lines.row(by_predicate=pl.col("key_text") == picked, named=True)["snapshot"])
    found = explained.explained(lake, snapshot, mart, picked)
    _figures(found, mart.figure)
    _parts(found, mart.figure, currency)
    _rates_and_rules(found)


def _figures(found: Explanation, explains: str) -> None:
    table = pl.DataFrame(
        [
            (figure.column, figure.value, figure.total, figure.rows, figure.difference)
            for figure in found.figures
        ],
        schema={
            "Figure": pl.String,
            "In the books": pl.Decimal(38, 8),
            "Rows add up to": pl.Decimal(38, 8),
            "Rows": pl.Int64,
            "Difference": pl.Decimal(38, 8),
        },
        orient="row",
    )
    st.dataframe(
        styled(
            table,
            money=["In the books", "Rows add up to", "Difference"],
            digits=4,
            quantities={"Rows": 0},
        ),
        hide_index=True,
        height=table_height(table.height, 12),
    )
    wrong = [figure.column for figure in found.figures if not figure.adds_up]
    if wrong:
        st.error(f"Not added up again: {', '.join(wrong)}. Run `daybook check`.")
        return
    total = next(figure for figure in found.figures if figure.column == explains)
    shown = "not known" if total.value is None else f"{total.value:,.8f} {total.currency}"
    rows = f"{total.rows:,} row{'' if total.rows == 1 else 's'}"
    st.success(f"Sum of {rows} = {shown}, as of snapshot {found.snapshot_id}.")


def _parts(found: Explanation, explains: str, currency: str) -> None:
    rows = [
        {
            "Row": f"{part.kind} {part.name}",
            "Of": str(part.shows.get("executed_at_utc") or part.shows.get("business_date") or ""),
            f"Adds, {currency}": part.adds.get(explains, Decimal(0)),
            **_source(source),
        }
        for part in found.parts
        for source in (part.sources or (None,))
    ]
    table = pl.DataFrame(
        rows,
        schema_overrides={f"Adds, {currency}": pl.Decimal(38, 8)},
        infer_schema_length=None,
    )
    titled_download("**What it was made of, and where that came from**", table, "explained")
    st.dataframe(
        styled(table, money=[f"Adds, {currency}"], digits=4),
        hide_index=True,
        height=table_height(table.height, 10),
    )


def _source(source: SourceRow | None) -> dict[str, Any]:
    if source is None:
        return dict.fromkeys(("System", "Raw table", "Source key", "From", "Load", "Loaded at"), "")
    return {
        "System": f"{source.source} ({source.kind})" if source.kind else source.source,
        "Raw table": source.raw_table,
        "Source key": source.source_key,
        "From": _origin(source),
        "Load": str(source.load_id),
        "Loaded at": "" if source.loaded_at is None else f"{source.loaded_at:%Y-%m-%d %H:%M:%S}",
    }


def _origin(source: SourceRow) -> str:
    row = "" if source.source_row is None else f", row {source.source_row}"
    return f"{source.origin or ''}{row}"


def _rates_and_rules(found: Explanation) -> None:
    for rate in found.rates:
        value = "no rate" if rate.rate is None else f"{rate.rate}"
        st.caption(
            f"Rate of {rate.business_date}: 1 {rate.currency} = {value} {rate.reporting_currency}, "
            f"rate set {rate.rate_set}, published for {rate.rate_date}"
        )
    for rule in found.rules:
        st.caption(f"{rule.what} {rule.said or ''}")


def show_restated(lake: Lake, scope: Scope, head: int, currency: str) -> None:
    """Tell which of the days shown were published again, by how much their P&L moved, and why."""
    days = explained.restated(lake, head, scope)
    if days.is_empty():
        return
    snapshot = scope.published_snapshot or head
    is_shown = pl.col("new_snapshot_id") <= snapshot
    newer = days.filter(~is_shown).height
    st.warning(
        f"{days['business_date'].n_unique():,} of these days were restated after they had been "
        "published." + (" The snapshot you look at still shows old figures." if newer else "")
    )
    st.dataframe(
        styled(
            days.select(
                pl.col("business_date").cast(pl.String).alias("Business day"),
                pl.col("server_id").alias("Server"),
                pl.col("version").alias("Version"),
                pl.when(is_shown).then(pl.lit("new")).otherwise(pl.lit("old")).alias("Shown"),
                pl.col("restated_at").dt.to_string("%Y-%m-%d %H:%M").alias("Restated at (UTC)"),
                pl.col("pnl_moved").alias(f"P&L moved, {currency}"),
                pl.col("row_count").alias("Rows moved"),
                pl.col("causes").list.join(", ").str.replace_all("_", " ").alias("Why"),
                pl.col("papers")
                .list.eval(pl.element().filter(pl.element() != ""))
                .list.join(", ")
                .alias("Papers made from the old figures"),
            ),
            money=[f"P&L moved, {currency}"],
            digits=minor_unit(currency),
            quantities={"Rows moved": 0},
        ),
        hide_index=True,
        height=table_height(days.height, 6),
    )
    st.caption("`daybook restatements` lists the figures, the deals, rates and loads behind them.")
