"""Compliance: alerts with their evidence, and the register of filings."""

from __future__ import annotations

import json

import polars as pl
import streamlit as st

from dashboards.figures import styled
from dashboards.filings import filing_register
from dashboards.masthead import Basis, masthead
from dashboards.panels import empty_panel, problems_shown, table_height, titled_download
from dashboards.queries import compliance
from dashboards.reading import Lake
from warehouse.money import minor_unit
from warehouse.settings import Settings


def show(settings: Settings) -> None:
    """Draw the page."""
    with problems_shown(), Lake(settings) as lake:
        basis = masthead(settings, lake.state(), "Compliance", offer_head=True)
        if basis is None:
            return
        with problems_shown():
            _alerts(lake, settings, basis)
        st.divider()
        with problems_shown():
            filing_register(settings)


def _alerts(lake: Lake, settings: Settings, basis: Basis) -> None:
    st.subheader("Alerts", anchor=False)
    held = compliance.alerts(lake, basis.snapshot, settings.tenant)
    if held.is_empty():
        empty_panel("No scenario has raised an alert.")
        return
    scenarios = held.select("scenario_id", "scenario_name").unique().sort("scenario_id")
    names = {key: f"{key} {name}" for key, name in scenarios.iter_rows()}
    scenario_side, client_side = st.columns(2)
    chosen = scenario_side.multiselect(
        "Scenario", list(names), format_func=names.__getitem__, placeholder="All"
    )
    clients = client_side.multiselect(
        "Client", held["client_key"].drop_nulls().unique().sort().to_list(), placeholder="All"
    )
    if chosen:
        held = held.filter(pl.col("scenario_id").is_in(chosen))
    if clients:
        held = held.filter(pl.col("client_key").is_in(clients))
    if held.is_empty():
        empty_panel("No alert with these filters.", "Clear a filter.")
        return
    currency = str(held["reporting_currency"][0])
    amount = f"Amount, {currency}"
    titled_download(f"**{held.height:,} alerts**", held, "alerts")
    event = st.dataframe(
        styled(
            held.select(
                pl.col("alert_date").cast(pl.String).alias("Date (UTC)"),
                pl.concat_str("scenario_id", pl.lit(" "), "scenario_name").alias("Scenario"),
                pl.col("client_key").alias("Client"),
                pl.col("account_key").alias("Account"),
                pl.col("amount_reporting").alias(amount),
                pl.col("reason").alias("Reason"),
            ),
            money=[amount],
            digits=minor_unit(currency),
        ),
        hide_index=True,
        height=table_height(held.height, 10),
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Reason": st.column_config.TextColumn(width="large")},
        key=f"alerts-{basis.snapshot}-{hash((tuple(chosen), tuple(clients)))}",
    )
    picked = event["selection"]["rows"]
    if not picked:
        st.caption("Select an alert to see its parameters and its evidence.")
        return
    _alert(lake, basis, held.row(picked[0], named=True))


def _alert(lake: Lake, basis: Basis, alert: dict[str, object]) -> None:
    st.markdown(f"#### {alert['scenario_id']} {alert['scenario_name']}: {alert['client_key']}")
    st.info(str(alert["reason"]))
    rule_side, evidence_side = st.columns([2, 5])
    with rule_side:
        st.markdown(f"**Parameters**, in force from {alert['rule_valid_from']}")
        parameters = json.loads(str(alert["parameters"]) or "{}")
        st.dataframe(
            pl.DataFrame(
                [(str(name).replace("_", " "), str(value)) for name, value in parameters.items()],
                schema={"Parameter": pl.String, "Value": pl.String},
                orient="row",
            ),
            hide_index=True,
        )
    with evidence_side:
        rows = compliance.evidence(lake, basis.snapshot, str(alert["alert_key"]))
        titled_download(f"**Evidence** ({rows.height:,})", rows, "evidence")
        st.dataframe(
            styled(
                rows.select(
                    pl.col("at_utc").dt.to_string("%Y-%m-%d %H:%M:%S").alias("At (UTC)"),
                    pl.col("evidence_type").alias("Kind"),
                    pl.col("evidence_key").alias("Key"),
                    pl.col("amount").alias("Amount"),
                    pl.col("currency").alias("Currency"),
                    pl.col("description").alias("What happened"),
                ),
                money=["Amount"],
            ),
            hide_index=True,
            height=table_height(rows.height, 12),
        )
