"""Single lines of the P&L: which there are, what they are made of, which of their days moved."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import streamlit as st

from dashboards.queries.scope import CHOSEN, Scope
from dashboards.reading import Lake
from quality.lineage import MARTS, Explanation, explain_row

PNL = "finance.fct_daily_pnl"
# Lines to choose from, those with the most money first.
MOST_LINES = 200

_LINES = (
    CHOSEN
    + f"""
SELECT {MARTS[PNL].key_text.replace("s.", "")} AS key_text, total_reporting
FROM chosen
ORDER BY abs(coalesce(total_reporting, 0)) DESC, key_text
LIMIT {MOST_LINES}
"""
)

_RESTATED = """
SELECT
    business_date,
    server_id,
    version,
    restated_at,
    new_snapshot_id,
    count(DISTINCT (mart_name, row_key)) AS row_count,
    coalesce(
        sum(difference) FILTER (
            mart_name = 'finance.fct_daily_pnl' AND column_name = 'total_reporting'
        ), 0
    )::DECIMAL(38, 8) AS pnl_moved,
    list_sort(list_distinct(flatten(list(string_split(causes, ', '))))) AS causes,
    list_sort(
        list_distinct(flatten(list(string_split(concat_ws(', ', statements, filings), ', '))))
    ) AS papers
FROM lake.finance.fct_restatements
WHERE
    tenant_id = $tenant
    AND business_date BETWEEN $first AND $last
    AND (len($servers) = 0 OR list_contains($servers::VARCHAR[], server_id))
GROUP BY ALL
ORDER BY restated_at DESC, business_date DESC, server_id
"""


def pnl_lines(lake: Lake, scope: Scope) -> pl.DataFrame:
    """Lines of the P&L in a scope: ``key_text``, ``total_reporting``, ``snapshot``."""
    parts = []
    for one in (replace(scope, head_snapshot=None), replace(scope, published_snapshot=None)):
        snapshot = one.published_snapshot or one.head_snapshot
        if snapshot is not None:
            rows = one.rows(lake, _LINES)
            parts.append(rows.with_columns(pl.lit(snapshot, pl.Int64).alias("snapshot")))
    return pl.concat(parts) if parts else pl.DataFrame()


def explained(lake: Lake, snapshot: int, key_text: str) -> Explanation:
    """One line of the P&L, explained as of a snapshot."""
    return _explained(lake.identity, snapshot, key_text, lake)


@st.cache_data(max_entries=100, show_spinner="Adding up again ...")
def _explained(identity: str, snapshot: int, key_text: str, _lake: Lake) -> Explanation:
    con = _lake.connection(snapshot)
    return explain_row(con, MARTS[PNL], {"": key_text}, snapshot_id=snapshot)


def restated(lake: Lake, head: int, scope: Scope) -> pl.DataFrame:
    """Published days of the range whose figures moved, one row a restatement, newest first."""
    choice = scope.choice
    return lake.rows(
        head,
        _RESTATED,
        {
            "tenant": scope.tenant,
            "first": choice.first,
            "last": choice.last,
            "servers": list(choice.servers),
        },
    )
