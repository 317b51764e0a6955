"""What a CRM's tables about PAMM and copy trading must satisfy beyond their types."""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.crm.rules import overlapping, refused

_RATES = ("management_rate", "performance_rate")
_FEES = (*_RATES, "subscription_amount")


def fees_are_not_negative(rows: pl.DataFrame) -> pl.DataFrame:
    """No fee of a strategy is below zero."""
    found = [refused(rows.filter(pl.col(name) < 0), name, f"{name} is negative") for name in _FEES]
    return pl.concat(found).unique(ROW, keep="first", maintain_order=True)


def rates_are_ratios(rows: pl.DataFrame) -> pl.DataFrame:
    """A management and a performance rate lie between 0 and 1: 0.2 is 20 %."""
    found = [
        refused(rows.filter(pl.col(name) > 1), name, f"{name} is above 1: 20 % is 0.2")
        for name in _RATES
    ]
    return pl.concat(found).unique(ROW, keep="first", maintain_order=True)


def subscriptions_have_currency(rows: pl.DataFrame) -> pl.DataFrame:
    """A subscription is an amount: it says in which currency."""
    return refused(
        rows.filter(
            pl.col("subscription_amount").is_not_null() & pl.col("subscription_currency").is_null()
        ),
        "subscription_currency",
        "a subscription needs a currency",
    )


def strategies_do_not_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """Of versions of a strategy whose times overlap, the one that starts later is refused."""
    return overlapping(
        rows,
        ("strategy_id",),
        lambda held: f"overlaps the version of the strategy from {held['valid_from']}",
    )


def investments_do_not_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """An account follows one strategy at a time: the result of its trades is that of one alone."""
    return overlapping(
        rows,
        ("server_id", "login"),
        lambda held: f"the account follows {held['strategy_id']} since {held['valid_from']}",
    )
