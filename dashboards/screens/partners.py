"""Partners: one partner's commission ledger and statement, and nobody else's."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from functools import partial
from pathlib import Path

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards.downloads import ReadyFile, actor, audited_download
from dashboards.figures import metric_text, styled
from dashboards.masthead import Basis, masthead
from dashboards.panels import empty_panel, problems_shown, table_height, titled_download
from dashboards.queries import partners
from dashboards.reading import Lake
from exports.statements.making import FORMATS, StatementFormat, read_statement
from warehouse.money import minor_unit
from warehouse.settings import Settings

_MOST_LINES = 1000
_DEFAULT_DAYS = 31


def show(settings: Settings) -> None:
    """Draw the page."""
    with problems_shown(), Lake(settings) as lake:
        basis = masthead(settings, lake.state(), "Partner commissions", offer_head=True)
        if basis is None:
            return
        known = partners.partners(lake, basis.snapshot, settings.tenant)
        if known.is_empty():
            empty_panel("The CRM has no partner.", "Check the source's partners table.")
            return
        partner_side, range_side, rest = st.columns([2, 2, 3])
        labels = {
            key: f"{name} ({status})" if status else name
            for key, name, status in known.select("partner_key", "partner_id", "status").iter_rows()
        }
        partner_key = partner_side.selectbox(
            "Partner", list(labels), format_func=labels.__getitem__, key="partner"
        )
        parent = known.filter(pl.col("partner_key") == partner_key)["parent_partner_id"][0]
        if parent:
            rest.caption(f"Sub-partner of {parent} today.")
        bounds = _bounds(lake, basis, partner_key)
        if bounds is None:
            empty_panel("This partner has no ledger line on a closed day.", "Choose another one.")
            return
        period = _period(range_side, partner_key, *bounds)
        if period is None:
            return
        _ledger(lake, settings, basis, partner_key, *period)
        st.divider()
        _statement(settings, basis, partner_key, *bounds)


def _bounds(lake: Lake, basis: Basis, partner_key: str) -> tuple[dt.date, dt.date] | None:
    """First and last day to offer; a published snapshot holds open days too, which are not."""
    held = partners.day_range(lake, basis.snapshot, lake.settings.tenant, partner_key)
    if held is None or basis.last_closed is None:
        return held
    first, last = held[0], min(held[1], basis.last_closed)
    return (first, last) if first <= last else None


def _period(
    side: DeltaGenerator, partner_key: str, first: dt.date, last: dt.date
) -> tuple[dt.date, dt.date] | None:
    picked = side.date_input(
        "Business days",
        (max(first, last - dt.timedelta(days=_DEFAULT_DAYS - 1)), last),
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key=f"partner-range-{partner_key}-{first}-{last}",
    )
    if not isinstance(picked, tuple) or len(picked) != 2:
        empty_panel("Choose the last day of the range too.")
        return None
    return picked[0], picked[1]


def _ledger(
    lake: Lake,
    settings: Settings,
    basis: Basis,
    partner_key: str,
    first: dt.date,
    last: dt.date,
) -> None:
    held = partners.lines(lake, basis.snapshot, settings.tenant, partner_key, first, last)
    if held.is_empty():
        empty_panel("No ledger line on these days.", "Choose more days.")
        return
    currency = settings.reporting_currency
    paying = held.filter(pl.col("amount") != 0)
    tiles = st.columns(4)
    tiles[0].metric(
        f"Commission, {currency}",
        metric_text(Decimal(held["amount_reporting"].sum() or 0), currency),
        border=True,
        help="All lines, each converted at the rate of its business day",
    )
    tiles[1].metric("Lines that pay", f"{paying.height:,}", border=True)
    tiles[2].metric("Lines that pay nothing", f"{held.height - paying.height:,}", border=True)
    adjustments = held.filter(pl.col("entry_type") == "adjustment").height
    tiles[3].metric("Adjustments", f"{adjustments:,}", border=True)
    _summary(held, currency)
    _lines(held, partner_key, first, last, currency)


def _summary(held: pl.DataFrame, currency: str) -> None:
    by = st.segmented_control(
        "Summary by", list(partners.SUMMARY_KEYS), default="Level", required=True
    )
    table = partners.summary(held, by or "Level")
    names = {
        "level": "Level",
        "direct_partner": "Client's direct partner",
        "masked_account": "Client account",
        "lines": "Lines",
        "paying_lines": "Lines that pay",
        "amount": "Amount",
        "amount_currency": "Currency",
        "amount_reporting": f"Amount, {currency}",
    }
    st.dataframe(
        styled(
            table.with_columns(pl.col("amount_currency").fill_null("-")).rename(
                {key: name for key, name in names.items() if key in table.columns}
            ),
            money=["Amount", f"Amount, {currency}"],
            digits=minor_unit(currency),
            quantities={"Lines": 0, "Lines that pay": 0},
        ),
        hide_index=True,
        height=table_height(table.height, 10),
    )
    st.caption(
        "Level 0: the partner's own clients; 1 and 2: override on clients of sub-partners one and "
        "two steps below."
    )


def _lines(
    held: pl.DataFrame, partner_key: str, first: dt.date, last: dt.date, currency: str
) -> None:
    stem = f"ledger-{partner_key.replace('/', '-')}-{first}-{last}"
    titled_download(f"**Ledger lines** ({held.height:,})", held, stem)
    if st.toggle("Only lines that pay", key="only-paying"):
        held = held.filter(pl.col("amount") != 0)
    shown = held.head(_MOST_LINES).select(
        pl.col("business_date").cast(pl.String).alias("Business day"),
        pl.col("deal_id").cast(pl.String).alias("Deal"),
        pl.col("masked_account").alias("Account"),
        pl.col("symbol").alias("Symbol"),
        pl.col("level").alias("Level"),
        pl.col("partner_path").alias("Tree that day"),
        pl.col("agreement_id").fill_null("").alias("Agreement"),
        pl.col("model").fill_null("").str.replace_all("_", " ").alias("Rule"),
        pl.col("base_quantity").alias("Lots or commission"),
        pl.col("rate").alias("Rate"),
        pl.col("amount").alias("Amount"),
        pl.col("amount_currency").alias("Currency"),
        pl.col("amount_reporting").alias(f"Amount, {currency}"),
        pl.col("entry_type").alias("Entry"),
        pl.col("reason").fill_null("").alias("Reason"),
    )
    st.dataframe(
        styled(
            shown,
            money=["Amount", f"Amount, {currency}"],
            digits=minor_unit(currency),
            quantities={"Lots or commission": 2, "Rate": 4},
        ),
        hide_index=True,
        height=table_height(shown.height, 14),
    )
    if held.height > _MOST_LINES:
        st.caption(f"The newest {_MOST_LINES:,} of {held.height:,} lines; the CSV has all.")


def _statement(
    settings: Settings, basis: Basis, partner_key: str, first: dt.date, last: dt.date
) -> None:
    st.subheader("Statement", anchor=False)
    months = [
        f"{index // 12:04d}-{index % 12 + 1:02d}"
        for index in range(last.year * 12 + last.month - 1, first.year * 12 + first.month - 2, -1)
    ]
    month_side, format_side, _ = st.columns([1, 1, 3])
    month = month_side.selectbox("Month", months, key=f"month-{partner_key}")
    format_ = format_side.selectbox("Format", FORMATS, format_func=str.upper, key="format")
    as_of = None if basis.is_head else basis.snapshot
    st.caption("A statement is made from closed days only, and kept in the archive.")
    audited_download(
        "statement",
        f"{partner_key}-{month}-{format_}-{as_of}",
        partial(_make, settings, partner_key, month, format_, as_of),
    )


def _make(
    settings: Settings, partner_key: str, month: str, format_: StatementFormat, as_of: int | None
) -> ReadyFile:
    from exports.statements.partner import make_partner_statement

    with tempfile.TemporaryDirectory() as folder:
        made = make_partner_statement(
            settings, partner_key, month, format_, Path(folder), as_of=as_of, actor=actor()
        )
        name = made.path.name
    content = read_statement(settings, made.statement_number, format_, actor=actor())
    return ReadyFile(name, content)
