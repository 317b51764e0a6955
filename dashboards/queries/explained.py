"""Single lines of the P&L: which there are, what they are made of, which of their days moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl
import streamlit as st

from dashboards.queries.scope import CHOSEN, CHOSEN_LINES, Scope
from dashboards.reading import Lake
from quality.lineage import MARTS, Explanation, explain_row

# Lines to choose from, those with the most money first.
MOST_LINES = 200


@dataclass(frozen=True)
class Explained:
    """A mart whose rows the page explains.

    Attributes:
        table: the mart.
        figure: the column a row is chosen by.
        named_by: what its key says, in words.
        chosen: the rows that a scope looks at, as ``chosen``.
    """

    table: str
    figure: str
    named_by: str
    chosen: str


PNL = Explained("finance.fct_daily_pnl", "total_reporting", "account, business day, symbol", CHOSEN)
BROKER_PNL = Explained(
    "finance.fct_broker_pnl", "amount_reporting", "line, business day, whose it is", CHOSEN_LINES
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


def pnl_lines(lake: Lake, scope: Scope, mart: Explained) -> pl.DataFrame:
    """Lines of the P&L in a scope: ``key_text``, ``figure``, ``snapshot``."""
    query = f"""{mart.chosen}
SELECT {MARTS[mart.table].key_text} AS key_text, {mart.figure} AS figure
FROM chosen AS s
ORDER BY abs(coalesce(figure, 0)) DESC, key_text
LIMIT {MOST_LINES}
"""
    parts = []
    for one in (replace(scope, head_snapshot=None), replace(scope, published_snapshot=None)):
        snapshot = one.published_snapshot or one.head_snapshot
        if snapshot is not None:
            rows = one.rows(lake, query)
            parts.append(rows.with_columns(pl.lit(snapshot, pl.Int64).alias("snapshot")))
    return pl.concat(parts) if parts else pl.DataFrame()


def explained(lake: Lake, snapshot: int, mart: Explained, key_text: str) -> Explanation:
    """One line of the P&L, explained as of a snapshot."""
    return _explained(lake.identity, snapshot, mart.table, key_text, lake)


@st.cache_data(max_entries=100, show_spinner="Adding up again ...")
def _explained(identity: str, snapshot: int, table: str, key_text: str, _lake: Lake) -> Explanation:
    con = _lake.connection(snapshot)
    return explain_row(con, MARTS[table], {"": key_text}, snapshot_id=snapshot)


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
