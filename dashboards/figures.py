"""Figures as people read them: rounded once, thousands separated, losses red with a minus."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import polars as pl

from warehouse.money import format_money

LOSS_COLOUR = "#b3261e"
NO_SYMBOL = "(account level)"
# Spreadsheet programs run a cell that starts so as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def metric_text(amount: Decimal | None, currency: str) -> str:
    """Markdown of an amount for a tile: ``1,234.50``, losses red."""
    if amount is None:
        return "-"
    text = format_money(amount, currency)
    return f":red[{text}]" if text.startswith("-") else text


def rounded(frame: pl.DataFrame, digits: int, columns: list[str]) -> pl.DataFrame:
    """Money columns rounded half away from zero, as floats that hold the shown digits exactly."""
    return frame.with_columns(
        pl.col(name).round(digits, mode="half_away_from_zero").cast(pl.Float64) for name in columns
    )


def styled(
    frame: pl.DataFrame,
    *,
    money: list[str] | None = None,
    digits: int = 2,
    quantities: dict[str, int] | None = None,
) -> Any:
    """A pandas Styler for ``st.dataframe``: formats, right signs, losses red.

    Args:
        frame: the rows; column names are the shown headers.
        money: amounts, all in currencies of ``digits`` decimals.
        digits: decimals of the money columns.
        quantities: other numbers and their decimals.
    """
    money = money or []
    quantities = quantities or {}
    table = rounded(frame, digits, money)
    for name, places in quantities.items():
        table = rounded(table, places, [name])
    formats = {name: _number_format(digits) for name in money}
    formats |= {name: _number_format(places) for name, places in quantities.items()}
    # Adding 0 turns the -0.0 that rounding leaves into 0.0.
    table = table.with_columns(pl.col(name) + 0.0 for name in formats)
    style = table.to_pandas().style.format(formats, na_rep="-")
    return style.map(_loss_style, subset=money) if money else style


def styled_exact(frame: pl.DataFrame) -> Any:
    """A pandas Styler of any query's result: decimals in full, thousands separated, losses red.

    Whole numbers are left alone, for most are ids; dates are text, so they show no time of day.
    """
    decimals = [name for name, kind in frame.schema.items() if kind.is_decimal() or kind.is_float()]
    texts = [
        name
        for name, kind in frame.schema.items()
        if kind in (pl.Date, pl.Time) or kind.is_nested() or kind == pl.Duration
    ]
    table = frame.with_columns(
        *(pl.col(name).cast(pl.Float64) for name in decimals),
        *(
            pl.Series(name, [None if value is None else str(value) for value in frame[name]])
            for name in texts
        ),
    )
    style = table.to_pandas().style.format(dict.fromkeys(decimals, _in_full), na_rep="-")
    return style.map(_loss_style, subset=decimals) if decimals else style


def _in_full(value: float) -> str:
    text = f"{value:,.8f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number_format(places: int) -> str:
    return f"{{:,.{places}f}}"


def _loss_style(value: object) -> str:
    return f"color: {LOSS_COLOUR}" if isinstance(value, float) and value < 0 else ""


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """UTF-8 CSV with a header; full precision, decimal point, ISO dates.

    Text that a spreadsheet would run as a formula is led by an apostrophe: comments on deals are
    written by strangers.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(value) for value in row] for row in frame.iter_rows())
    return out.getvalue().encode("utf-8")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    text = str(value)
    if isinstance(value, str) and text.startswith(_FORMULA_STARTS):
        return "'" + text
    return text
