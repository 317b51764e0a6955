"""The charts: titled, with units, and readable for the colour-blind and on paper."""

from __future__ import annotations

import altair as alt
import polars as pl

# Okabe and Ito's palette; bars differ in lightness too, for black and white print.
_COLOURS = {
    "Dealing": "#0072B2",
    "Commission": "#E69F00",
    "Swap": "#56B4E9",
    "Fees": "#D55E00",
}
_LINE = "#1a1f24"
_Y_AXIS_WIDTH = 70


DayChart = alt.LayerChart | alt.FacetChart


def daily_pnl_charts(days: pl.DataFrame, currency: str) -> tuple[DayChart, DayChart]:
    """P&L per day as bars stacked by component, and the running total of the range.

    Two charts with the same days across and the same margins, to be drawn one above the other.

    Args:
        days: business_date, dealing, commission, swap, fees, total, in reporting currency.
        currency: of the amounts.
    """
    money = ["dealing", "commission", "swap", "fees", "total"]
    table = days.sort("business_date").select(
        pl.col("business_date").dt.to_string("%Y-%m-%d").alias("day"),
        *(pl.col(name).cast(pl.Float64).alias(name.title()) for name in money),
        pl.col("total").cum_sum().cast(pl.Float64).alias("Cumulative"),
    )
    by_component = table.unpivot(
        on=list(_COLOURS), index="day", variable_name="Component", value_name="Amount"
    ).with_columns(
        pl.col("Component").replace_strict({name: i for i, name in enumerate(_COLOURS)}).alias("i")
    )
    dense = table.height > 45
    day = alt.X(
        "day:O",
        title=None,
        axis=alt.Axis(labelAngle=0, labelOverlap=True, labelExpr=_DAY_LABEL),
        scale=alt.Scale(paddingInner=0.1 if dense else 0.35),
    )
    amount = alt.Axis(format=",.0f", minExtent=_Y_AXIS_WIDTH, maxExtent=_Y_AXIS_WIDTH)
    zero = alt.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(color="#6b7680").encode(y="zero:Q")
    bars = (
        alt.Chart(by_component)
        .mark_bar()
        .encode(
            x=day,
            y=alt.Y("Amount:Q", title=f"P&L of the day, {currency}", axis=amount, stack="zero"),
            color=alt.Color(
                "Component:N",
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                legend=alt.Legend(orient="top", title=None),
            ),
            order=alt.Order("i:Q"),
            tooltip=[
                alt.Tooltip("day:O", title="Business day"),
                "Component:N",
                alt.Tooltip("Amount:Q", format=",.2f", title=f"Amount, {currency}"),
            ],
        )
    )
    line = (
        alt.Chart(table)
        .mark_line(color=_LINE, strokeWidth=2, point=alt.OverlayMarkDef(color=_LINE, size=22))
        .encode(
            x=day,
            y=alt.Y("Cumulative:Q", title=f"Cumulative, {currency}", axis=amount),
            tooltip=[
                alt.Tooltip("day:O", title="Business day"),
                alt.Tooltip("Total:Q", format=",.2f", title=f"Total of the day, {currency}"),
                alt.Tooltip("Cumulative:Q", format=",.2f", title=f"Cumulative, {currency}"),
            ],
        )
    )
    return (
        alt.layer(bars, zero).properties(height=260),
        alt.layer(line, zero).properties(height=150),
    )


# "2026-10-05" as "5 Oct": the year stands in the date range above.
_DAY_LABEL = (
    "toNumber(slice(datum.label, 8, 10)) + ' ' + "
    "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"
    "[toNumber(slice(datum.label, 5, 7)) - 1]"
)
