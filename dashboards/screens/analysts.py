"""Analysts: SQL over the governed tables, read only, with the columns' meaning beside it."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards.figures import styled_exact
from dashboards.masthead import Basis, masthead
from dashboards.panels import empty_panel, problems_shown, titled_download
from dashboards.queries import catalog
from dashboards.reading import Lake
from warehouse.guard import QueryResult, run_guarded_query
from warehouse.settings import Settings

ROW_LIMIT = 1000

EXAMPLES = {
    "P&L per day": """SELECT business_date, sum(dealing_pnl_reporting) AS dealing,
    sum(commission_income_reporting) AS commission, sum(swap_income_reporting) AS swap,
    sum(fee_income_reporting) AS fees, sum(total_reporting) AS total
FROM finance.fct_daily_pnl
GROUP BY business_date
ORDER BY business_date DESC""",
    "Symbols by turnover": """SELECT instrument, sum(deal_count) AS deals, sum(volume_lots) AS lots,
    sum(total_reporting) AS total
FROM finance.fct_daily_pnl
GROUP BY instrument
ORDER BY lots DESC""",
    "Account roll-forward": """SELECT account_key, business_date, opening_balance_amount,
    deposits_amount, withdrawals_amount, closed_pnl_amount, swap_amount, commission_amount,
    closing_balance_amount, equity_amount, account_currency
FROM finance.fct_account_days
ORDER BY business_date DESC, account_key""",
    "Open breaks": """SELECT break_type, account_key, business_date, kind, amount,
    account_currency, reason
FROM finance.fct_breaks
WHERE status = 'open'
ORDER BY abs(amount) DESC""",
    "Commissions by partner": """SELECT partner_id, level, model, count(*) AS lines,
    sum(amount_reporting) AS amount_reporting
FROM partners.fct_commission_ledger
GROUP BY ALL
ORDER BY partner_id, level""",
    "What is published": """SELECT server_id, business_date, version, snapshot_id, published_at
FROM meta.published
ORDER BY business_date DESC, version DESC""",
}


def show(settings: Settings) -> None:
    """Draw the page."""
    with problems_shown(), Lake(settings) as lake:
        state = lake.state()
        basis = masthead(settings, state, "SQL over the marts", offer_head=True)
        if basis is None:
            return
        editor_side, docs_side = st.columns([3, 2], gap="medium")
        with docs_side, problems_shown():
            _documentation(lake, basis)
        with editor_side:
            _editor(settings, basis)


def _editor(settings: Settings, basis: Basis) -> None:
    st.pills(
        "Examples",
        list(EXAMPLES),
        key="example",
        on_change=_take_example,
        help="Puts the query into the editor",
    )
    st.session_state.setdefault("query", EXAMPLES["P&L per day"])
    with st.form("sql", border=False):
        st.text_area("One SELECT statement", key="query", height=220)
        is_asked = st.form_submit_button("Run", type="primary", shortcut=None)
    st.caption(
        f"Read only; at most {ROW_LIMIT:,} rows. Ctrl+Enter runs the query. "
        "Amounts are not rounded; `_reporting` columns are in "
        f"{settings.reporting_currency}, `_amount` columns in the row's own currency."
    )
    if is_asked:
        st.session_state.pop("answer", None)
        with problems_shown(), st.spinner("Running ..."):
            st.session_state["answer"] = (
                basis.snapshot,
                run_guarded_query(
                    st.session_state["query"],
                    settings=settings,
                    as_of=basis.snapshot,
                    limit=ROW_LIMIT,
                    tenant=settings.tenant,
                ),
            )
    if "answer" in st.session_state:
        snapshot, result = st.session_state["answer"]
        _answer(snapshot, result)


def _take_example() -> None:
    chosen = st.session_state.get("example")
    if chosen:
        st.session_state["query"] = EXAMPLES[chosen]


def _answer(snapshot: int, result: QueryResult) -> None:
    rows = result.frame.height
    if rows == 0:
        empty_panel("The query gives no rows.")
        return
    if result.is_cut:
        st.warning(f"Cut after the first {rows:,} rows: there are more. Narrow or sum the query.")
    count = f"{rows:,} row" + ("" if rows == 1 else "s")
    titled_download(f"**{count}** as of snapshot {snapshot}", result.frame, "query")
    st.dataframe(styled_exact(result.frame), hide_index=True)


def _documentation(lake: Lake, basis: Basis) -> None:
    held = catalog.columns(lake, basis.snapshot)
    if held.is_empty():
        empty_panel("There is no table yet.", "Run `daybook build`")
        return
    names = held.select(
        pl.concat_str("table_schema", "table_name", separator=".").alias("full")
    ).unique(maintain_order=True)["full"]
    tables = names.to_list()
    first = "finance.fct_daily_pnl"
    chosen = st.selectbox(
        "Tables and columns", tables, index=tables.index(first) if first in tables else 0
    )
    schema, table = chosen.split(".", 1)
    st.markdown(catalog.table_description(table) or "_No description._")
    st.dataframe(
        held.filter((pl.col("table_schema") == schema) & (pl.col("table_name") == table)).select(
            pl.col("column_name").alias("Column"),
            pl.col("data_type").alias("Type"),
            pl.col("description").fill_null("").alias("Meaning"),
        ),
        hide_index=True,
        height=520,
        column_config={
            "Column": st.column_config.TextColumn(width=190),
            "Type": st.column_config.TextColumn(width=100),
            "Meaning": st.column_config.TextColumn(width=600),
        },
    )
