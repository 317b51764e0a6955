"""Finance: the daily P&L of the closed days, from the total down to the deal."""

from __future__ import annotations

import datetime as dt

import polars as pl
import streamlit as st

from dashboards.charts import daily_pnl_charts
from dashboards.day_states import show_day_states
from dashboards.drilldown import show_behind
from dashboards.explaining import show_restated
from dashboards.figures import NO_SYMBOL, metric_text, styled
from dashboards.masthead import Basis, masthead
from dashboards.panels import empty_panel, problems_shown, table_height, titled_download
from dashboards.pnl_lines import show_pnl_lines
from dashboards.queries import finance
from dashboards.queries.finance import COMPONENTS, FIGURES, Breakdown
from dashboards.queries.scope import Choice, Scope
from dashboards.reading import Lake, LakeState
from warehouse.metrics import definition
from warehouse.money import minor_unit
from warehouse.settings import Settings

_DEFAULT_DAYS = 31
# Rows drawn of a table; the CSV has all of them.
_MOST_ROWS = 1000
# The page has one total; elsewhere it needs the metric's longer name.
_TILES = {"total": "Total"}


def show(settings: Settings) -> None:
    """Draw the page."""
    with problems_shown(), Lake(settings) as lake:
        state = lake.state()
        basis = masthead(settings, state, "Daily P&L", offer_head=False)
        with_open = _open_days_toggle(basis, state)
        if basis is None and not with_open:
            empty_panel(
                "No day is published yet.",
                "Run `daybook close`, or switch on **Show open days** to see figures that are "
                "not final.",
            )
            return
        scope, days = _chosen_scope(lake, state, basis, with_open)
        if scope is None:
            return
        _report(lake, settings, scope, days, state)


def _open_days_toggle(basis: Basis | None, state: LakeState) -> bool:
    is_latest = basis is None or basis.snapshot == state.publications[0].snapshot_id
    wanted = st.toggle(
        "Show open days",
        key="open-days",
        disabled=not is_latest,
        help="Adds the days that are not published yet, read from the head of the warehouse. "
        "Not available with an older snapshot.",
    )
    if wanted and is_latest:
        st.warning(
            "Open days are included: their figures come from the head of the warehouse and are "
            "not final. Closed days stay as published."
        )
        return True
    return False


def _chosen_scope(
    lake: Lake, state: LakeState, basis: Basis | None, with_open: bool
) -> tuple[Scope | None, pl.DataFrame]:
    tenant = lake.settings.tenant
    snapshot = -1 if basis is None else basis.snapshot
    published = finance.published_days(lake, state.head, tenant, snapshot)
    days = finance.day_states(lake, state.head, tenant, published)
    offered = days if with_open else days.filter(pl.col("state") == "published")
    if offered.is_empty():
        empty_panel("The books hold no day yet.", "Run `daybook sync --once`, then `daybook build`")
        return None, days
    now = with_open or basis is None
    values = finance.filter_values(lake, state.head if now else snapshot, tenant, now=now)
    choice = _filters(offered["business_date"].min(), offered["business_date"].max(), values)
    if choice is None:
        return None, days
    scope = Scope(
        tenant=tenant,
        choice=choice,
        published_snapshot=None if basis is None else basis.snapshot,
        head_snapshot=state.head if with_open else None,
        published_days=tuple(published.select("server_id", "business_date").iter_rows()),
    )
    return scope, offered


def _filters(first: object, last: object, values: pl.DataFrame) -> Choice | None:
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    columns = st.columns([1.5, 1, 1, 0.8, 1, 1])
    picked = columns[0].date_input(
        "Business days",
        (max(first, last - dt.timedelta(days=_DEFAULT_DAYS - 1)), last),
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key=f"range-{first}-{last}",
    )
    chosen = []
    labels = {
        "legal_entity": "Legal entity",
        "server_id": "Server",
        "book": "Book",
        "symbol": "Symbol",
        "client_key": "Client",
    }
    for side, (name, label) in zip(columns[1:], labels.items(), strict=True):
        options = values[name].drop_nulls().unique().sort().to_list()
        chosen.append(
            tuple(
                side.multiselect(
                    label,
                    options,
                    placeholder="All",
                    key=f"filter-{name}",
                    format_func=lambda value: value or NO_SYMBOL,
                )
            )
        )
    if not isinstance(picked, tuple) or len(picked) != 2:
        empty_panel("Choose the last day of the range too.")
        return None
    entities, servers, books, symbols, clients = chosen
    return Choice(picked[0], picked[1], entities, servers, books, symbols, clients)


def _report(
    lake: Lake, settings: Settings, scope: Scope, days: pl.DataFrame, state: LakeState
) -> None:
    currency = settings.reporting_currency
    held = finance.breakdown(lake, scope)
    if held.is_empty:
        empty_panel(
            "No P&L in this range and with these filters.",
            "Choose more days, or clear a filter.",
        )
    else:
        unconverted = int(held["total"]["unconverted"][0] or 0)
        if unconverted:
            st.error(
                f"{unconverted:,} lines of P&L have no exchange rate to {currency}: figures that "
                "need them are not known. Load the rates of those days, then run `daybook build`."
            )
        with problems_shown():
            show_restated(lake, scope, state.head, currency)
        _tiles(held["total"], currency)
        st.subheader(f"P&L per business day, {currency}", anchor=False)
        bars, running_total = daily_pnl_charts(held["day"], currency)
        st.altair_chart(bars, alt="Dealing P&L, commission, swap and fees of each day")
        st.altair_chart(running_total, alt="Running total of the P&L over the range")
        with problems_shown():
            show_pnl_lines(lake, scope, currency)
        selected = _tables(held, scope, currency)
        with problems_shown():
            show_behind(lake, scope, selected, currency)
    show_day_states(lake, scope, days, state)


def _tiles(total: pl.DataFrame, currency: str) -> None:
    figures = total.row(0, named=True)
    tiles = st.columns(7)
    for tile, name in zip(tiles, COMPONENTS, strict=False):
        defined = definition(FIGURES[name])
        tile.metric(
            f"{_TILES.get(name, defined.label)}, {currency}",
            metric_text(figures[name], currency),
            border=True,
            help=defined.description,
        )
    tiles[5].metric("Deals", f"{int(figures['deals'] or 0):,}", border=True)
    tiles[6].metric("Lots", f"{float(figures['lots'] or 0):,.2f}", border=True)


def _tables(held: Breakdown, scope: Scope, currency: str) -> dict[str, str | dt.date]:
    """The breakdowns; returns the key of each selected row by what it is."""
    st.caption("Select rows to see the deals and open positions behind their figures, below.")
    left, right = st.columns(2)
    selected: dict[str, str | dt.date] = {}
    with left:
        _table("By day", "day", held["day"].reverse(), ["business_date"], selected, scope, currency)
        _table("By book", "book", held["book"], ["book"], selected, scope, currency)
    with right:
        by_size = held["symbol"].sort("total", descending=True)
        _table("By symbol", "symbol", by_size, ["symbol"], selected, scope, currency)
        by_account = st.toggle("One line an account", key="by-account", value=True)
        if by_account:
            _table(
                "By client and account",
                "account",
                held["account"].sort("total"),
                ["client_key", "account_key"],
                selected,
                scope,
                currency,
            )
        else:
            by_client = held["client"].sort("total")
            _table("By client", "client", by_client, ["client_key"], selected, scope, currency)
    return selected


_HEADERS = {
    "business_date": "Business day",
    "book": "Book",
    "symbol": "Symbol",
    "client_key": "Client",
    "account_key": "Account",
}


def _table(
    title: str,
    kind: str,
    frame: pl.DataFrame,
    keys: list[str],
    selected: dict[str, str | dt.date],
    scope: Scope,
    currency: str,
) -> None:
    titled_download(
        f"**{title}** ({currency})",
        frame.drop("unconverted").with_columns(pl.lit(currency).alias("currency")),
        f"daily-pnl-{kind}-{scope.choice.first}-{scope.choice.last}",
    )
    drawn = frame.head(_MOST_ROWS)
    labels = {name: _HEADERS[name] for name in keys}
    table = drawn.select(
        *(
            pl.col(name).cast(pl.String).replace("", NO_SYMBOL).alias(label)
            for name, label in labels.items()
        ),
        pl.col("dealing").alias("Dealing P&L"),
        pl.col("commission").alias("Commission"),
        pl.col("swap").alias("Swap"),
        pl.col("fees").alias("Fees"),
        pl.col("total").alias("Total"),
        pl.col("deals").alias("Deals"),
    )
    event = st.dataframe(
        styled(
            table,
            money=["Dealing P&L", "Commission", "Swap", "Fees", "Total"],
            digits=minor_unit(currency),
            quantities={"Deals": 0},
        ),
        hide_index=True,
        height=table_height(table.height, 8),
        on_select="rerun",
        selection_mode="single-row",
        # A selection belongs to the rows it was made on.
        key=f"table-{kind}-{hash((scope.choice, scope.published_snapshot, scope.head_snapshot))}",
    )
    if frame.height > _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS:,} of {frame.height:,} rows; the CSV has all.")
    picked = event["selection"]["rows"]
    if picked:
        value = drawn[keys[-1]][picked[0]]
        if value is not None:
            selected[kind] = value
