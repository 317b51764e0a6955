"""Which column of a table says how much money a changed row is about, and in what currency."""

from __future__ import annotations

from collections.abc import Mapping

# The first of these that a table has says it best; else its first amount does.
_BEST = ("total_reporting", "amount", "equity_amount", "floating_pnl_reporting")
_ENDINGS = ("_reporting", "_amount")


def money_of(columns: Mapping[str, str]) -> str | None:
    """The column whose change is the money moved; None for a table without money."""
    decimals = [name for name, kind in columns.items() if kind.startswith("DECIMAL")]
    for name in _BEST:
        if name in decimals:
            return name
    for ending in _ENDINGS:
        for name in decimals:
            if name.endswith(ending):
                return name
    return None


def currency_of(column: str, columns: Mapping[str, str]) -> str | None:
    """The column that holds the currency of an amount; None for what is no money."""
    wanted: tuple[str, ...]
    if column.endswith("_reporting"):
        wanted = ("reporting_currency",)
    elif column == "amount" or column.endswith("_amount"):
        wanted = (f"{column}_currency", "amount_currency", "account_currency", "currency")
    else:
        return None
    return next((name for name in wanted if name in columns), None)


def is_figure(kind: str) -> bool:
    """Whether a column type is a number that can move by an amount."""
    return kind.startswith("DECIMAL") or kind in ("BIGINT", "INTEGER", "HUGEINT")
