"""Whether the running balance that a statement prints follows from its own rows.

A row that is missing from a file shows in no other way. The outcome is kept as a row of raw for
each file and currency, so that a break stands until the file is delivered again without it.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.held_rows import held, query_held
from ingestion.contracts import Column, ColumnType, TableContract
from ingestion.problems import Problem

_MONEY: ColumnType = "DECIMAL(24,8)"
_DECIMAL = pl.Decimal(24, 8)


def balance_contract(kind: str) -> TableContract:
    """The table of a kind's checked balances: one row a file, balance and currency."""
    return TableContract(
        table=f"{kind}_balance_checks",
        source_table="balance_check",
        key=("file_name", "balance_id", "currency"),
        columns=(
            Column("file_name", "VARCHAR", nullable=False),
            Column("balance_id", "VARCHAR", nullable=False),
            Column("currency", "VARCHAR", nullable=False),
            Column("lines", "BIGINT"),
            Column("opening_balance", _MONEY),
            Column("moved_amount", _MONEY),
            Column("closing_balance", _MONEY),
            Column("breaks", "BIGINT"),
            Column("first_break_row", "BIGINT"),
            Column("first_break_amount", _MONEY),
            Column("severity", "VARCHAR"),
        ),
    )


def checked_balances(
    rows: pl.DataFrame,
    file: str,
    severity: str,
    ends: Mapping[tuple[str, str], str] | None = None,
) -> pl.DataFrame:
    """One row a balance and currency: where it starts, what moves it, where it first breaks.

    Rows that state no balance are passed over. Files run forwards or backwards in time: the first
    and the last row tell, and where they do not, the direction in which fewer rows break. A row
    that moves nothing yet (pending, memo) may leave the balance where it was.

    Args:
        rows: in the order of the file, with ``balance_id``, ``currency``, ``amount``, ``balance``
            (decimal texts), ``moment`` (ISO text), ``may_rest`` and ``_source_row``.
        file: the file's name.
        severity: how a break is reported: ``error``, ``warning``, or ``none``.
        ends: balance id and currency -> the balance that the statement says it ends with.
    """
    typed = rows.with_columns(
        pl.col("amount").cast(_DECIMAL, strict=False),
        pl.col("balance").cast(_DECIMAL, strict=False),
        pl.when(pl.col("moment").str.contains(r"^\d{4}-")).then("moment"),
    ).drop_nulls(["balance", "amount", "currency"])
    place = ["balance_id", "currency"]
    schema = [column.target for column in balance_contract("any").columns]
    if not typed.height:
        return pl.DataFrame(schema=[*schema, SOURCE_TABLE, SOURCE_ROW])
    both = pl.concat(
        [
            _chained(typed.sort(SOURCE_ROW), place, "forwards"),
            _chained(typed.sort(SOURCE_ROW, descending=True), place, "backwards"),
        ]
    )
    summed = both.group_by(*place, "direction", maintain_order=True).agg(
        pl.len().alias("lines"),
        (pl.col("balance").first() - pl.col("amount").first()).alias("opening_balance"),
        pl.col("amount").sum().alias("moved_amount"),
        pl.col("balance").last().alias("closing_balance"),
        pl.col("is_break").sum().alias("breaks"),
        pl.col(SOURCE_ROW).filter("is_break").first().alias("first_break_row"),
        pl.col("off").filter("is_break").first().alias("first_break_amount"),
        (pl.col("moment").first() > pl.col("moment").last()).fill_null(False).alias("is_against"),
    )
    told = summed.sort("is_against", "breaks", maintain_order=True).unique(
        place, keep="first", maintain_order=True
    )
    return (
        _with_ends(told, ends or {})
        .with_columns(
            pl.lit(file).alias("file_name"),
            pl.lit(severity).alias("severity"),
            pl.lit(file).alias(SOURCE_TABLE),
            pl.lit(None, dtype=pl.Int64).alias(SOURCE_ROW),
        )
        .select(*schema, SOURCE_TABLE, SOURCE_ROW)
    )


def _with_ends(told: pl.DataFrame, ends: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    """A statement that ends elsewhere than its last row breaks too, after that row."""
    stated = pl.DataFrame(
        {
            "balance_id": [balance for balance, _ in ends],
            "currency": [currency for _, currency in ends],
            "end": list(ends.values()),
        },
        schema={"balance_id": pl.String, "currency": pl.String, "end": pl.String},
    ).with_columns(pl.col("end").cast(_DECIMAL, strict=False))
    off = pl.col("end") - pl.col("closing_balance")
    return told.join(stated, on=["balance_id", "currency"], how="left").with_columns(
        (pl.col("breaks") + (off != 0).fill_null(False)).alias("breaks"),
        pl.when((pl.col("breaks") == 0) & (off != 0))
        .then(off)
        .otherwise("first_break_amount")
        .alias("first_break_amount"),
    )


def _chained(rows: pl.DataFrame, place: list[str], direction: str) -> pl.DataFrame:
    before = pl.col("balance").shift(1).over(place)
    return rows.with_columns(
        pl.lit(direction).alias("direction"),
        (pl.col("balance") - before - pl.col("amount")).alias("off"),
        (
            before.is_not_null()
            & (pl.col("balance") != before + pl.col("amount"))
            & ~(pl.col("may_rest") & (pl.col("balance") == before))
        ).alias("is_break"),
    )


def broken_balances(context: PassContext, contract: TableContract, table: str) -> list[Problem]:
    """The held files whose balance breaks, worst news first by name.

    Args:
        contract: the kind's :func:`balance_contract`.
        table: the table of the statement's rows, which the problem is about.
    """
    rows = query_held(
        context,
        f"""
        SELECT file_name, balance_id, currency, breaks, first_break_row, first_break_amount,
            severity
        FROM {held(contract)}
        WHERE breaks > 0 AND severity <> 'none'
        ORDER BY file_name, balance_id, currency
        """,
    )
    return [
        Problem(
            table,
            "error" if severity == "error" else "warning",
            f"{file}: the {currency} balance{f' of {balance}' if balance else ''} does not follow "
            f"from its rows: {breaks} {'break' if breaks == 1 else 'breaks'}, the first "
            f"{'at its end' if row is None else f'at row {row}'}, off by {amount.normalize():f}.",
            "the rows are loaded, but some are missing or changed: export the file again, complete "
            "and under the same name",
        )
        for file, balance, currency, breaks, row, amount, severity in rows
    ]
