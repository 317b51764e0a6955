"""The foot of the Finance page: which days are closed, what was loaded when, what does not tie."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.panels import table_height
from dashboards.queries import finance
from dashboards.queries.scope import Scope
from dashboards.reading import Lake, LakeState


def show_day_states(lake: Lake, scope: Scope, days: pl.DataFrame, state: LakeState) -> None:
    """Draw the days of the range with their state, the sources' last loads, the open breaks.

    Args:
        lake: the lake.
        scope: what the page shows.
        days: from :func:`dashboards.queries.finance.day_states`.
        state: what there is to read.
    """
    st.divider()
    day_side, load_side = st.columns([3, 2])
    choice = scope.choice
    in_range = days.filter(pl.col("business_date").is_between(choice.first, choice.last))
    if choice.servers:
        in_range = in_range.filter(pl.col("server_id").is_in(choice.servers))
    with day_side:
        st.markdown("**State of the days**")
        st.dataframe(
            in_range.select(
                pl.col("business_date").cast(pl.String).alias("Business day"),
                pl.col("server_id").alias("Server"),
                pl.col("state").alias("State"),
                pl.col("version").alias("Version"),
                pl.col("snapshot_id").alias("Snapshot"),
                pl.col("published_at").dt.to_string("%Y-%m-%d %H:%M").alias("Published at (UTC)"),
            ),
            hide_index=True,
            height=table_height(in_range.height, 9),
        )
    with load_side:
        st.markdown("**Last load of each source**")
        loads = finance.last_loads(lake, state.head, scope.tenant)
        st.dataframe(
            loads.select(
                pl.col("source").alias("Source"),
                pl.col("finished_at").dt.to_string("%Y-%m-%d %H:%M:%S").alias("Loaded at (UTC)"),
            ),
            hide_index=True,
        )
        _breaks(lake, scope, state)


def _breaks(lake: Lake, scope: Scope, state: LakeState) -> None:
    breaks = finance.open_breaks(
        lake, scope.head_snapshot or scope.published_snapshot or state.head, scope.tenant
    )
    count = int(breaks["breaks"].sum())
    st.markdown(f"**Open breaks: {count:,}**")
    if count == 0:
        st.caption("The books equal the platforms' own balances.")
        return
    st.dataframe(
        breaks.select(
            pl.col("break_type").alias("Type"),
            pl.col("breaks").alias("Open"),
            pl.col("oldest_days").alias("Oldest, days"),
        ),
        hide_index=True,
    )
    st.caption("`daybook breaks` lists them with their reasons.")
