"""End-of-day statements: lines by type, and the balances that stand among them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ingestion.checks import SOURCE_ROW
from ingestion.connectors.dropped_files import TableRows
from ingestion.connectors.lp.contract import BALANCE_TYPES, BALANCES, STATEMENT_LINES
from ingestion.connectors.lp.mapped_csv import formatted
from ingestion.connectors.lp.mapping import MappedFile
from ingestion.connectors.refusals import FileRefusedError
from ingestion.problems import Problem

_DAY = ["account", "booked_on", "currency"]


def mapped_balances(frame: pl.DataFrame, mapped: MappedFile) -> pl.DataFrame:
    """Rows of lp_balances from a file with one row a day and currency."""
    return _with_account(formatted(frame, BALANCES, mapped))


def statement_tables(
    name: str, frame: pl.DataFrame, mapped: MappedFile, problems: Sequence[Problem]
) -> Sequence[TableRows]:
    """Lines for lp_statement_lines; lines that state a balance, one row a day, for lp_balances.

    Raises:
        FileRefusedError: a balance is stated twice, or the lines are said to be complete and do
            not come to it.
    """
    lines = _with_account(formatted(frame, STATEMENT_LINES, mapped))
    is_balance = pl.col("line_type").is_in(BALANCE_TYPES).fill_null(False)
    movements, stated = lines.filter(~is_balance), lines.filter(is_balance)
    tables = [TableRows(STATEMENT_LINES, movements, problems)]
    if stated.is_empty():
        return tables
    balances = _balances(name, stated)
    if mapped.lines_are_complete:
        _refuse_lines_that_do_not_tie(name, movements, balances)
    return [*tables, TableRows(BALANCES, balances)]


def _with_account(frame: pl.DataFrame) -> pl.DataFrame:
    account = pl.col("account").fill_null("") if "account" in frame.columns else pl.lit("")
    return frame.with_columns(account.alias("account"))


def _balances(name: str, stated: pl.DataFrame) -> pl.DataFrame:
    twice = stated.filter(pl.struct(*_DAY, "line_type").is_duplicated())
    if twice.height:
        rows = ", ".join(map(str, twice[SOURCE_ROW].to_list()[:10]))
        raise FileRefusedError(
            f"{name} states a balance of one day, account and currency twice: rows {rows}.",
            "deliver the statement again; nothing of it was loaded",
        )
    return (
        stated.group_by(_DAY, maintain_order=True)
        .agg(
            *(
                pl.col("amount").filter(pl.col("line_type") == kind).first().alias(kind)
                for kind in BALANCE_TYPES
            ),
            pl.col("_source_table", SOURCE_ROW).first(),
        )
        .rename({"booked_on": "balance_date"})
    )


def _refuse_lines_that_do_not_tie(
    name: str, movements: pl.DataFrame, balances: pl.DataFrame
) -> None:
    number = pl.Decimal(38, 8)
    moved = movements.group_by(_DAY).agg(pl.col("amount").cast(number, strict=False).sum())
    tied = balances.join(
        moved, left_on=["account", "balance_date", "currency"], right_on=_DAY, how="left"
    ).with_columns(
        pl.col("opening_balance", "closing_balance").cast(number, strict=False),
        pl.col("amount").fill_null(0),
    )
    broken = tied.filter(pl.col("opening_balance") + pl.col("amount") != pl.col("closing_balance"))
    if broken.is_empty():
        return
    first = broken.row(0, named=True)
    raise FileRefusedError(
        f"{name}: {first['account']} {first['balance_date']} {first['currency']} opens with "
        f"{first['opening_balance'].normalize():f}, its lines come to "
        f"{first['amount'].normalize():f}, but it closes with "
        f"{first['closing_balance'].normalize():f}; {broken.height} such days.",
        "deliver the whole statement; nothing of it was loaded",
    )
