"""Contracts of liquidity providers and bridges: fills, statement lines, balances, drop-copy logs.

One shape whatever the format. Amounts are the broker's: negative is what the provider charges.
"""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.contracts import Column, ColumnType, TableContract

_MONEY: ColumnType = "DECIMAL(24,8)"
CHECKED = "checked"
NOT_STATED = "not stated"

LINE_TYPES = (
    "trade_pnl", "commission", "swap", "fee", "interest", "dividend", "rebate", "tax", "deposit",
    "withdrawal", "adjustment", "other",
)  # fmt: skip
BALANCE_TYPES = (
    "opening_balance", "closing_balance", "equity", "unrealised_pnl", "margin_used", "credit",
)  # fmt: skip


def _must(name: str, column_type: ColumnType = "VARCHAR", allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, column_type, required=True, nullable=False, allowed=allowed)


def _columns(column_type: ColumnType, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, column_type) for name in names.split())


def message_is_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """A FIX message whose length or check sum is wrong is not believed."""
    return rows.filter(~pl.col("integrity").is_in([CHECKED, NOT_STATED])).select(
        ROW, pl.lit("integrity").alias("column_name"), pl.col("integrity").alias("reason")
    )


def fill_is_complete(rows: pl.DataFrame) -> pl.DataFrame:
    """What stands as a fill has a symbol, a side, a price and a quantity above zero."""
    fills = rows.filter(pl.col("kind").is_in(["trade", "correct"]))
    refused = [
        fills.filter(wrong).select(
            ROW, pl.lit(name).alias("column_name"), pl.lit(reason).alias("reason")
        )
        for name, wrong, reason in (
            ("symbol", pl.col("symbol").fill_null("") == "", "a fill without a symbol"),
            ("side", pl.col("side").is_null(), "a fill that is neither a buy nor a sell"),
            ("price", pl.col("price").is_null(), "a fill without a price"),
            ("quantity", ~(pl.col("quantity") > 0).fill_null(False), "a fill of no quantity"),
        )
    ]
    return pl.concat(refused).unique(ROW, keep="first", maintain_order=True)


def change_names_its_fill(rows: pl.DataFrame) -> pl.DataFrame:
    """A correction says what it corrects; a cancellation without it takes back its own row."""
    return rows.filter(
        (pl.col("kind") == "correct") & (pl.col("ref_fill_id").fill_null("") == "")
    ).select(
        ROW,
        pl.lit("ref_fill_id").alias("column_name"),
        pl.lit("a correction that does not say of which fill").alias("reason"),
    )


# Execution ids are unique for a session and a trading day only (FIX 4.4, ExecID): the day is in
# the key, or the second day of a provider that counts anew would overwrite the first.
FILLS = TableContract(
    table="lp_fills",
    source_table="fills",
    key=("executed_on", "session", "fill_id"),
    rules=(message_is_whole, fill_is_complete, change_names_its_fill),
    columns=(
        _must("executed_on", "DATE"),
        Column("session", "VARCHAR", nullable=False),
        _must("fill_id"),
        _must("kind", allowed=("trade", "cancel", "correct")),
        *_columns("VARCHAR", "ref_fill_id order_id client_order_id trade_id account symbol"),
        Column("side", "VARCHAR", allowed=("buy", "sell")),
        *_columns(_MONEY, "quantity"),
        Column("volume_unit", "VARCHAR", nullable=False, allowed=("units", "lots")),
        *_columns(_MONEY, "units_per_lot price"),
        *_columns("VARCHAR", "currency"),
        *_columns(_MONEY, "commission"),
        *_columns("VARCHAR", "commission_currency"),
        _must("executed_at", "TIMESTAMP"),
        _must("time_zone"),
        *_columns("DATE", "value_date"),
        *_columns("VARCHAR", "market order_status comment"),
        *_columns("TIMESTAMP", "sent_at"),
        *_columns("BIGINT", "msg_seq_num"),
        Column("format", "VARCHAR", nullable=False, allowed=("csv", "fix")),
        Column("integrity", "VARCHAR", nullable=False),
    ),
)

STATEMENT_LINES = TableContract(
    table="lp_statement_lines",
    source_table="statement",
    key=("account", "line_id"),
    money="amount",
    columns=(
        Column("account", "VARCHAR", nullable=False),
        _must("line_id"),
        _must("booked_on", "DATE"),
        _must("line_type", allowed=LINE_TYPES),
        _must("amount", _MONEY),
        _must("currency"),
        *_columns("VARCHAR", "symbol reference description"),
    ),
)

BALANCES = TableContract(
    table="lp_balances",
    source_table="balances",
    key=("account", "balance_date", "currency"),
    columns=(
        Column("account", "VARCHAR", nullable=False),
        _must("balance_date", "DATE"),
        _must("currency"),
        *_columns(_MONEY, "opening_balance"),
        *_columns(_MONEY, "closing_balance equity unrealised_pnl margin_used credit"),
    ),
)

FIX_LOGS = TableContract(
    table="lp_fix_logs",
    source_table="FIX log",
    key=("file_name", "session"),
    columns=(
        _must("file_name"),
        _must("session"),
        *_columns("BIGINT", "messages trades cancels corrections resends ignored bad_messages"),
        Column("ignored_types", "VARCHAR"),
        *_columns("BIGINT", "first_seq_num last_seq_num missing_messages resets"),
        Column("missing_seq_nums", "VARCHAR"),
    ),
)

CONTRACTS = (FILLS, STATEMENT_LINES, BALANCES, FIX_LOGS)
