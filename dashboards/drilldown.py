"""The lower half of the Finance page: what stands behind the selected figure, adding up again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import streamlit as st

from dashboards.explaining import show_explained
from dashboards.figures import NO_SYMBOL, styled
from dashboards.panels import empty_panel, table_height, titled_download
from dashboards.queries import behind, finance
from dashboards.queries.scope import Scope
from dashboards.reading import Lake
from warehouse.money import minor_unit

_SHOWN_DEALS = 500
_WORDS = {
    "day": "business day",
    "book": "book",
    "symbol": "symbol",
    "client": "client",
    "account": "account",
}


def show_behind(
    lake: Lake, scope: Scope, selected: dict[str, str | dt.date], currency: str
) -> None:
    """Draw deals and open positions of the selected rows, and how they add up.

    Args:
        lake: the lake.
        scope: what the tables above show.
        selected: day, book, symbol, client or account of the selected rows; they hold together.
        currency: reporting currency.
    """
    if not selected:
        return
    narrow = scope
    for kind, value in selected.items():
        narrow = narrow.narrowed(**{kind: value})
    what = ", ".join(
        f"{_WORDS[kind]} {value if value != '' else NO_SYMBOL}" for kind, value in selected.items()
    )
    st.subheader(f"Behind the figure: {what}", anchor=False)
    held = finance.breakdown(lake, narrow)
    if held.is_empty:
        empty_panel("No P&L where the selected rows meet.", "Select fewer rows above.")
        return
    positions = behind.positions(lake, narrow)
    _proof(behind.proof(lake, narrow, positions, held["total"]), currency)
    deals = behind.deals(lake, narrow)
    stem = "-".join(str(value).replace("/", "-") for value in selected.values() if value)
    _deals(deals, currency, stem)
    _positions(positions, currency, stem)
    show_explained(lake, narrow, currency)


def _proof(table: pl.DataFrame, currency: str) -> None:
    digits = minor_unit(currency)
    st.markdown(f"**How it adds up** ({currency})")
    st.dataframe(
        styled(
            table.rename(
                {
                    "component": "Component",
                    "from_deals": "From deals",
                    "from_positions": "From open positions",
                    "adds_up_to": "Adds up to",
                    "figure": "Figure",
                    "difference": "Difference",
                }
            ),
            money=["From deals", "From open positions", "Adds up to", "Figure", "Difference"],
            digits=digits,
        ),
        hide_index=True,
    )
    if table["figure"].null_count():
        st.error("The figure is not known: an exchange rate is missing.")
        return
    worst = max((abs(value) for value in table["difference"]), default=Decimal(0))
    if worst < Decimal(5).scaleb(-digits - 1):
        st.success("Deals and open positions add up to the figure.")
    else:
        st.error(
            f"Deals and open positions differ from the figure by up to {worst:,.{digits}f} "
            f"{currency}. Run `daybook check`."
        )


def _deals(deals: pl.DataFrame, currency: str, stem: str) -> None:
    if deals.is_empty():
        st.markdown("**Deals**")
        st.caption("No deal: the figure is the change of open positions only.")
        return
    titled_download(f"**Deals** ({deals.height:,})", deals, f"deals-{stem}")
    house = {
        "dealing": f"Dealing P&L, {currency}",
        "commission": f"Commission, {currency}",
        "swap": f"Swap, {currency}",
        "fees": f"Fees, {currency}",
    }
    client = {
        "closed_pnl_amount": "Client closed P&L",
        "swap_amount": "Client swap",
        "commission_amount": "Client commission",
        "fee_amount": "Client fees",
    }
    shown = deals.head(_SHOWN_DEALS).select(
        pl.col("executed_at_utc").dt.to_string("%Y-%m-%d %H:%M:%S").alias("Executed at (UTC)"),
        pl.col("deal_id").cast(pl.String).alias("Deal"),
        pl.col("account_key").alias("Account"),
        pl.col("symbol").alias("Symbol"),
        pl.col("side").alias("Side"),
        pl.col("entry").alias("Entry"),
        pl.col("volume_lots").alias("Lots"),
        pl.col("price").cast(pl.Float64).alias("Price"),
        *(pl.col(name).alias(label) for name, label in client.items()),
        pl.col("account_currency").alias("Currency"),
        *(pl.col(name).alias(label) for name, label in house.items()),
    )
    st.dataframe(
        styled(
            shown,
            money=[*client.values(), *house.values()],
            digits=minor_unit(currency),
            quantities={"Lots": 2},
        ),
        hide_index=True,
        height=table_height(shown.height, 10),
    )
    if deals.height > _SHOWN_DEALS:
        st.caption(f"The newest {_SHOWN_DEALS:,} of {deals.height:,}; the sums are over all.")
    if deals.height >= behind.MOST_DEALS:
        st.caption(f"The CSV stops at {behind.MOST_DEALS:,} deals; narrow the selection for more.")


def _positions(positions: pl.DataFrame, currency: str, stem: str) -> None:
    title = "**Open positions: change of floating P&L and swap**"
    if positions.is_empty():
        st.markdown(title)
        st.caption("No position was open at a close of these days, or at the close before them.")
        return
    titled_download(f"{title} ({positions.height:,})", positions, f"open-positions-{stem}")
    client = {
        "floating_change_amount": "Floating, change",
        "swap_change_amount": "Accrued swap, change",
    }
    house = {"dealing": f"Dealing P&L, {currency}", "swap": f"Swap, {currency}"}
    shown = positions.head(_SHOWN_DEALS).select(
        pl.col("position_id").cast(pl.String).alias("Position"),
        pl.col("account_key").alias("Account"),
        pl.col("symbol").alias("Symbol"),
        pl.col("side").alias("Side"),
        pl.col("volume_lots").alias("Lots"),
        pl.col("opened_at_server").dt.to_string("%Y-%m-%d %H:%M").alias("Opened (server)"),
        pl.col("open_price").cast(pl.Float64).alias("Open price"),
        pl.col("close_price").cast(pl.Float64).alias("Close price"),
        pl.col("last_marked_date").cast(pl.String).alias("Last close"),
        *(pl.col(name).alias(label) for name, label in client.items()),
        pl.col("account_currency").alias("Currency"),
        *(pl.col(name).alias(label) for name, label in house.items()),
    )
    st.dataframe(
        styled(
            shown,
            money=[*client.values(), *house.values()],
            digits=minor_unit(currency),
            quantities={"Lots": 2},
        ),
        hide_index=True,
        height=table_height(shown.height, 10),
    )
