"""Contracts of MT5 files by drop: the Manager's deals export and the terminal's history report."""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.contracts import Column, ColumnType, TableContract

MANAGER_DEALS = "manager_deals"
TERMINAL_HISTORY = "terminal_history"

DEAL_TYPES = (
    "buy", "sell", "balance", "credit", "charge", "correction", "bonus", "commission",
    "commission daily", "commission monthly", "agent daily", "agent monthly", "interest",
    "buy canceled", "sell canceled", "dividend", "dividend franked", "tax", "agent",
    "so compensation", "so compensation credit",
)  # fmt: skip
TRADES = ("buy", "sell")
ENTRIES = ("in", "out", "in/out", "out by")

_MONEY: ColumnType = "DECIMAL(24,8)"


def _key(source: str, column_type: ColumnType = "BIGINT", name: str = "") -> Column:
    return Column(source, column_type, name=name, required=True, nullable=False)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR") for name in names)


def _money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, _MONEY) for name in names)


def trades_say_which_way(rows: pl.DataFrame) -> pl.DataFrame:
    """A buy or a sell has a symbol, a volume and an entry: without them it cannot be booked."""
    trades = rows.filter(pl.col("type").is_in(TRADES))
    missing = [
        trades.filter(absent).select(
            ROW, pl.lit(name).alias("column_name"), pl.lit(reason).alias("reason")
        )
        for name, absent, reason in (
            ("symbol", pl.col("symbol").fill_null("") == "", "a trade without a symbol"),
            ("volume", pl.col("volume").is_null(), "a trade without a volume"),
            ("entry", pl.col("entry").is_null(), "a trade that does not say in or out"),
        )
    ]
    return pl.concat(missing).unique(ROW, keep="first", maintain_order=True)


DEALS = TableContract(
    table="mt5_files_deals",
    source_table="Deals",
    key=("login", "deal", "report"),
    business_date=("time", "timestamp"),
    money="profit",
    rules=(trades_say_which_way,),
    columns=(
        _key("Login"),
        _key("Deal"),
        Column("report", "VARCHAR", nullable=False, allowed=(MANAGER_DEALS, TERMINAL_HISTORY)),
        _key("Time", "TIMESTAMP"),
        Column("Type", "VARCHAR", required=True, nullable=False, allowed=DEAL_TYPES),
        Column("Entry", "VARCHAR", required=True, allowed=ENTRIES),
        Column("Symbol", "VARCHAR", required=True),
        Column("Volume", _MONEY, required=True),
        *_money("Price"),
        Column("S / L", _MONEY, name="price_sl"),
        Column("T / P", _MONEY, name="price_tp"),
        Column("Order", "BIGINT"),
        Column("Position", "BIGINT"),
        *_texts("Reason"),
        Column("Dealer", "BIGINT"),
        Column("Commission", _MONEY, required=True, nullable=False),
        *_money("Fee"),
        Column("Swap", _MONEY, required=True, nullable=False),
        Column("Profit", _MONEY, required=True, nullable=False),
        *_money("Cost", "Balance"),
        Column("Currency", "VARCHAR"),
        *_texts("Group", "Country", "Comment"),
        Column("External ID", "VARCHAR", name="external_id"),
        Column("platform_server", "VARCHAR"),
        Column("Name", "VARCHAR", pii=True),
    ),
)

POSITIONS = TableContract(
    table="mt5_files_positions",
    source_table="Positions",
    key=("login", "position"),
    business_date=("time_close", "timestamp"),
    money="profit",
    columns=(
        _key("Login"),
        _key("Position"),
        Column("Symbol", "VARCHAR", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False, allowed=TRADES),
        Column("Volume", _MONEY, required=True, nullable=False),
        _key("Time", "TIMESTAMP", name="time_open"),
        Column("Price", _MONEY, name="price_open", required=True),
        Column("S / L", _MONEY, name="price_sl"),
        Column("T / P", _MONEY, name="price_tp"),
        _key("Time (2)", "TIMESTAMP", name="time_close"),
        Column("Price (2)", _MONEY, name="price_close", required=True),
        Column("Commission", _MONEY, required=True),
        *_money("Fee", "Cost"),
        Column("Swap", _MONEY, required=True),
        Column("Profit", _MONEY, required=True, nullable=False),
        *_texts("Comment"),
        Column("currency", "VARCHAR"),
    ),
)

ORDERS = TableContract(
    table="mt5_files_orders",
    source_table="Orders",
    key=("login", "order"),
    columns=(
        _key("Login"),
        _key("Order"),
        Column("Symbol", "VARCHAR", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False),
        Column("volume_initial", _MONEY, nullable=False),
        Column("volume_filled", _MONEY, nullable=False),
        *_money("Price"),
        Column("is_market", "BOOLEAN", nullable=False),
        Column("S / L", _MONEY, name="price_sl"),
        Column("T / P", _MONEY, name="price_tp"),
        _key("Open Time", "TIMESTAMP", name="time_setup"),
        Column("Time", "TIMESTAMP", name="time_done", required=True),
        Column("State", "VARCHAR", required=True, nullable=False),
        *_texts("Comment"),
    ),
)

OPEN_POSITIONS = TableContract(
    table="mt5_files_open_positions",
    source_table="Open Positions",
    key=("login", "reported_at", "position"),
    money="profit",
    columns=(
        _key("Login"),
        _key("reported_at", "TIMESTAMP"),
        _key("Position"),
        Column("Symbol", "VARCHAR", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False, allowed=TRADES),
        Column("Volume", _MONEY, required=True, nullable=False),
        _key("Time", "TIMESTAMP", name="time_open"),
        Column("Price", _MONEY, name="price_open", required=True),
        Column("S / L", _MONEY, name="price_sl"),
        Column("T / P", _MONEY, name="price_tp"),
        Column("Market Price", _MONEY, name="price_current"),
        *_money("Commission"),
        Column("Swap", _MONEY, required=True),
        Column("Profit", _MONEY, required=True, nullable=False),
        *_texts("Comment"),
        Column("currency", "VARCHAR"),
    ),
)

WORKING_ORDERS = TableContract(
    table="mt5_files_working_orders",
    source_table="Working Orders",
    key=("login", "reported_at", "order"),
    columns=(
        _key("Login"),
        _key("reported_at", "TIMESTAMP"),
        _key("Order"),
        Column("Symbol", "VARCHAR", required=True, nullable=False),
        Column("Type", "VARCHAR", required=True, nullable=False),
        Column("volume_initial", _MONEY, nullable=False),
        Column("volume_filled", _MONEY, nullable=False),
        *_money("Price"),
        Column("is_market", "BOOLEAN", nullable=False),
        Column("S / L", _MONEY, name="price_sl"),
        Column("T / P", _MONEY, name="price_tp"),
        _key("Open Time", "TIMESTAMP", name="time_setup"),
        Column("Market Price", _MONEY, name="price_current"),
        *_texts("State", "Comment"),
    ),
)

REPORTS = TableContract(
    table="mt5_files_reports",
    source_table="Trade History Report",
    key=("login", "reported_at"),
    columns=(
        _key("login"),
        _key("reported_at", "TIMESTAMP"),
        Column("currency", "VARCHAR", nullable=False),
        *_texts("platform_server", "account_type", "accounting_mode", "company"),
        *_money(
            "balance", "credit", "floating_profit", "equity", "margin", "margin_free",
            "total_net_profit",
        ),
        Column("Name", "VARCHAR", pii=True),
    ),
)  # fmt: skip

CONTRACTS = (REPORTS, DEALS, POSITIONS, ORDERS, OPEN_POSITIONS, WORKING_ORDERS)
