"""What cTrader rows must satisfy beyond their types; each rule names the rows it refuses."""

from __future__ import annotations

from typing import Any

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.ctrader import open_api_pb2

# Amounts are DECIMAL(24,8): a finer one would lose digits.
MOST_MONEY_DIGITS = 8
_MONEY = ("commission", "close_gross_profit", "swap", "balance", "delta")


def deal_codes_are_known(rows: pl.DataFrame) -> pl.DataFrame:
    """Side and status are codes that staging has a name for."""
    return pl.concat(
        [
            _unknown(rows, "trade_side", "tradeSide", "ProtoOATradeSide"),
            _unknown(rows, "deal_status", "dealStatus", "ProtoOADealStatus"),
        ]
    ).unique(ROW, keep="first", maintain_order=True)


def position_codes_are_known(rows: pl.DataFrame) -> pl.DataFrame:
    """Side and status are codes that staging has a name for."""
    return pl.concat(
        [
            _unknown(rows, "trade_side", "tradeSide", "ProtoOATradeSide"),
            _unknown(rows, "position_status", "positionStatus", "ProtoOAPositionStatus"),
        ]
    ).unique(ROW, keep="first", maintain_order=True)


def balance_change_is_known(rows: pl.DataFrame) -> pl.DataFrame:
    """The kind of balance change is one whose direction and meaning are known."""
    return _unknown(rows, "operation_type", "operationType", "ProtoOAChangeBalanceType")


def money_has_digits(rows: pl.DataFrame) -> pl.DataFrame:
    """Money states its digits, and not more than amounts are kept with.

    A closing deal may state them in its closePositionDetail only, and the other way round.
    """
    digits = [c for c in ("close_money_digits", "money_digits") if c in rows.columns]
    money = [c for c in _MONEY if c in rows.columns]
    stated = pl.coalesce(digits)
    missing = pl.any_horizontal(pl.col(c).fill_null(0) != 0 for c in money) & stated.is_null()
    outside = pl.any_horizontal(
        ~pl.col(c).is_between(0, MOST_MONEY_DIGITS).fill_null(True) for c in digits
    )
    reason = (
        pl.when(missing)
        .then(pl.lit("an amount without moneyDigits: its unit is not known"))
        .otherwise(pl.lit(f"moneyDigits is not between 0 and {MOST_MONEY_DIGITS}"))
    )
    return _refused(rows.filter(missing | outside), "money_digits", reason)


def realised_figures_are_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """A closing deal states entry price, gross profit, swap, commission and the balance it left."""
    parts = (
        "close_entry_price",
        "close_gross_profit",
        "close_swap",
        "close_commission",
        "close_balance",
    )
    some = pl.any_horizontal(pl.col(c).is_not_null() for c in parts)
    lacking = pl.any_horizontal(pl.col(c).is_null() for c in parts)
    first = pl.coalesce(pl.when(pl.col(c).is_null()).then(pl.lit(c)) for c in parts)
    return rows.filter(some & lacking).select(
        ROW,
        first.alias("column_name"),
        pl.lit("a closing deal states entryPrice, grossProfit, swap, commission and balance").alias(
            "reason"
        ),
    )


def codes_of(enumeration: str) -> list[int]:
    """The codes of an enumeration of the API, without the one that stands for none."""
    values: Any = open_api_pb2.DESCRIPTOR.enum_types_by_name[enumeration].values
    return [v.number for v in values if not v.name.endswith("_UNSPECIFIED")]


def _unknown(rows: pl.DataFrame, column: str, source: str, enumeration: str) -> pl.DataFrame:
    codes = codes_of(enumeration)
    reason = pl.format(
        "{} {} is not known: " + ", ".join(map(str, codes)), pl.lit(source), pl.col(column)
    )
    return _refused(rows.filter(~pl.col(column).is_in(codes)), column, reason)


def _refused(rows: pl.DataFrame, column: str, reason: pl.Expr) -> pl.DataFrame:
    return rows.select(ROW, pl.lit(column).alias("column_name"), reason.alias("reason"))
