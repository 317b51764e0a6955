"""What a history report states twice must agree: its running balance, its totals, its summary."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import polars as pl

from ingestion.checks import SOURCE_ROW
from ingestion.connectors.mt5_files.contract import REPORTS, TRADES
from ingestion.connectors.refusals import FileRefusedError
from ingestion.problems import Problem

_PARTS = ("profit", "commission", "fee", "swap")
# These move the credit, or nothing; a bonus moves one or the other, by the server's setting.
_NOT_THE_BALANCE = ("credit", "so compensation credit", "buy canceled", "sell canceled")
_TODO = "save the report again in the terminal and deliver it unchanged; nothing of it was loaded"


def _effects(deals: pl.DataFrame) -> pl.DataFrame:
    """``effect`` of each deal on the balance, and the printed ``balance``."""
    amounts = [pl.col(c).cast(pl.Decimal(38, 8), strict=False) for c in (*_PARTS, "balance")]
    return deals.select(SOURCE_ROW, "type", *amounts).with_columns(
        pl.when(pl.col("type").is_in(_NOT_THE_BALANCE))
        .then(0)
        .otherwise(pl.sum_horizontal(pl.col(c).fill_null(0) for c in _PARTS))
        .cast(pl.Decimal(38, 8))
        .alias("effect")
    )


def refuse_broken_balances(name: str, deals: pl.DataFrame) -> None:
    """Each printed balance is the one before plus profit, commission, fee and swap.

    The first row is not checked: a report over a period opens with a balance it does not state.

    Raises:
        FileRefusedError: a row does not; one is missing there, or somebody edited it.
    """
    before = pl.col("balance").forward_fill().shift(1)
    moved = pl.col("balance") - before
    broken = (
        _effects(deals)
        .with_columns(before.alias("before"), moved.alias("moved"))
        .filter(
            (pl.col("moved") != pl.col("effect"))
            & ~((pl.col("type") == "bonus") & (pl.col("moved") == 0))
        )
    )
    if broken.is_empty():
        return
    first = broken.row(0, named=True)
    raise FileRefusedError(
        f"{name} row {first[SOURCE_ROW]}: Balance {_shown(first['balance'])} is not the balance "
        f"before ({_shown(first['before'])}) plus what the deal moved ({_shown(first['effect'])}); "
        f"{broken.height} such rows.",
        _TODO,
    )


def refuse_wrong_totals(
    name: str, row: int, deals: pl.DataFrame, printed: Mapping[str, str]
) -> None:
    """The totals under the deals, where the report prints values and not formulas.

    Raises:
        FileRefusedError: a printed total is not the sum of its column, or the balance not the last.
    """
    held = _effects(deals)
    sums = {c: held.select(pl.col(c).sum()).item() or Decimal(0) for c in _PARTS}
    balances = held["balance"].drop_nulls()
    if len(balances):
        sums["balance"] = balances[-1]
    for column, stated in printed.items():
        number = _number(stated)
        if column in sums and number is not None and number != sums[column]:
            raise FileRefusedError(
                f"{name} row {row}: {column.capitalize()} {stated} is printed under the deals, "
                f"which come to {_shown(sums[column])}.",
                _TODO,
            )


def summary_problems(name: str, report: pl.DataFrame, deals: pl.DataFrame | None) -> list[Problem]:
    """Where the summary does not follow from the lists; told only, it may be of another period."""
    stated = {c: _number(v) for c, v in report.row(0, named=True).items() if isinstance(v, str)}
    found: list[str] = []
    parts = [stated.get(c) for c in ("balance", "credit", "floating_profit")]
    equity = stated.get("equity")
    if equity is not None and all(part is not None for part in parts):
        total = sum((part for part in parts if part is not None), Decimal(0))
        if total != equity:
            found.append(f"equity {equity} printed, balance, credit and floating come to {total}")
    net = stated.get("total_net_profit")
    if net is not None and deals is not None:
        trades = _effects(deals).filter(pl.col("type").is_in(TRADES))
        total = trades.select(pl.col("effect").sum()).item() or Decimal(0)
        if total != net:
            found.append(f"total net profit {net} printed, the trades come to {_shown(total)}")
    return [
        Problem(
            REPORTS.table,
            "warning",
            f"{name}: {what}.",
            "the deals were loaded; check that the report covers the whole period",
        )
        for what in found
    ]


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _shown(amount: Decimal | None) -> str:
    return "nothing" if amount is None else format(amount.normalize() + 0, "f")
