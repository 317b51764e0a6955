"""Contracts of MetaTrader 4's files: the manager's Raw Report and the account statement.

Source: two real manager exports and the statements of several brokers.
"""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.contracts import Column, ColumnType, TableContract

TYPES = (
    "buy", "sell", "buy limit", "sell limit", "buy stop", "sell stop", "balance", "credit",
)  # fmt: skip
POSITION_TYPES = ("buy", "sell")
CASH_TYPES = ("balance", "credit")
_MONEY: ColumnType = "DECIMAL(24,8)"


def _money_is_stated(rows: pl.DataFrame) -> pl.DataFrame:
    """Only a pending order may be without a result: a trade without one would count as nothing."""
    return rows.filter(
        pl.col("type").is_in([*POSITION_TYPES, *CASH_TYPES]) & pl.col("profit").is_null()
    ).select(ROW, pl.lit("profit").alias("column_name"), pl.lit("Profit is NULL").alias("reason"))


def _trade_is_whole(rows: pl.DataFrame) -> pl.DataFrame:
    size = "volume" if "volume" in rows.columns else "size"
    return rows.filter(
        pl.col("type").is_in(list(POSITION_TYPES))
        & (pl.col(size).is_null() | pl.col("open_price").is_null())
    ).select(
        ROW,
        pl.lit(size).alias("column_name"),
        pl.lit("a trade without volume or open price").alias("reason"),
    )


REPORT_TRADES = TableContract(
    table="mt4_report_trades",
    source_table="Raw Report",
    key=("deal",),
    rules=(_money_is_stated, _trade_is_whole),
    columns=(
        Column("Deal", "BIGINT", required=True, nullable=False),
        Column("Login", "BIGINT", required=True, nullable=False),
        Column("Open Time", "TIMESTAMP", "open_time", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False, allowed=TYPES),
        Column("Symbol", "VARCHAR", required=True),
        Column("Volume", _MONEY, required=True),
        Column("Open Price", _MONEY, "open_price", required=True),
        Column("S/L", _MONEY, "stop_loss"),
        Column("T/P", _MONEY, "take_profit"),
        Column("Close Time", "TIMESTAMP", "close_time", required=True),
        Column("Close Price", _MONEY, "close_price", required=True),
        Column("Reason", "VARCHAR"),
        Column("Gateway Order", "BIGINT", "gateway_order"),
        Column("Gateway Volume", _MONEY, "gateway_volume"),
        Column("Open Price Delta", _MONEY, "open_price_delta"),
        Column("Close Price Delta", _MONEY, "close_price_delta"),
        Column("Agent", _MONEY),
        Column("Commission", _MONEY, required=True),
        Column("Taxes", _MONEY),
        Column("Swap", _MONEY, required=True),
        Column("Profit", _MONEY, required=True),
        Column("Points", _MONEY),
        Column("Comment", "VARCHAR"),
        Column("Currency", "VARCHAR"),
    ),
)

STATEMENTS = TableContract(
    table="mt4_statements",
    source_table="Statement",
    key=("login", "statement_at"),
    columns=(
        Column("Account", "BIGINT", "login", required=True, nullable=False),
        Column("Date", "TIMESTAMP", "statement_at", required=True, nullable=False),
        Column("Company", "VARCHAR"),
        Column("Currency", "VARCHAR"),
        Column("Leverage", "VARCHAR"),
        Column("Deposit/Withdrawal", _MONEY, "deposit_withdrawal"),
        Column("Credit Facility", _MONEY, "credit_facility"),
        Column("Closed Trade P/L", _MONEY, "closed_pnl"),
        Column("Floating P/L", _MONEY, "floating_pnl"),
        Column("Margin", _MONEY),
        Column("Balance", _MONEY, required=True),
        Column("Equity", _MONEY),
        Column("Free Margin", _MONEY, "free_margin"),
        Column("Name", "VARCHAR", pii=True),
    ),
)

STATEMENT_TRADES = TableContract(
    table="mt4_statement_trades",
    source_table="Statement",
    # A statement is a picture of its moment: an older one that arrives later changes nothing.
    key=("login", "statement_at", "ticket"),
    rules=(_money_is_stated, _trade_is_whole),
    columns=(
        Column("Account", "BIGINT", "login", required=True, nullable=False),
        Column("Date", "TIMESTAMP", "statement_at", required=True, nullable=False),
        Column("Ticket", "BIGINT", required=True, nullable=False),
        Column("Section", "VARCHAR", nullable=False, allowed=("closed", "open", "working")),
        Column("Open Time", "TIMESTAMP", "open_time", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False, allowed=TYPES),
        Column("Size", _MONEY, required=True),
        Column("Item", "VARCHAR", "symbol", required=True),
        Column("Open Price", _MONEY, "open_price", required=True),
        Column("S / L", _MONEY, "stop_loss"),
        Column("T / P", _MONEY, "take_profit"),
        Column("Close Time", "TIMESTAMP", "close_time"),
        Column("Close Price", _MONEY, "close_price"),
        Column("Commission", _MONEY),
        Column("Taxes", _MONEY),
        Column("Swap", _MONEY),
        Column("Profit", _MONEY),
        Column("Outcome", "VARCHAR"),
        Column("Magic", "BIGINT"),
        Column("Comment", "VARCHAR"),
        Column("Currency", "VARCHAR"),
    ),
)

CONTRACTS: tuple[TableContract, ...] = (REPORT_TRADES, STATEMENTS, STATEMENT_TRADES)
