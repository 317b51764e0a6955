"""Contracts of the MetaTrader 4 report server's database.

MetaTrader 4 keeps every time as 32-bit seconds of the server's clock and writes 0 for none; the
report database shows them as datetimes, 1970-01-01 for none. Raw keeps the seconds, NULL for none:
a trade without a closing time is open.
Source: the DDL of a published report database, confirmed by the models of another one.
"""

from __future__ import annotations

from ingestion.contracts import Column, ColumnType, TableContract


def _key(source: str, column_type: ColumnType = "BIGINT") -> Column:
    return Column(source, column_type, required=True, nullable=False)


def _columns(column_type: ColumnType, names: str, *, pii: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, column_type, pii=pii) for name in names.split())


def _seconds(names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "BIGINT", zero_is_null=True) for name in names.split())


TRADES = TableContract(
    table="mt4_trades",
    source_table="MT4_TRADES",
    key=("ticket",),
    versioning="marker",
    marker="modify_time",
    marker_unit="seconds",
    required=True,
    block=("ticket", 10_000),
    # An open trade's floating result moves, and a manager edits, without moving a marker.
    checksum=(
        "modify_time", "login", "cmd", "volume", "open_time", "close_time", "profit", "swaps",
        "commission", "taxes",
    ),
    # The day it is settled: money moves when a trade closes, so an open one has none.
    business_date=("close_time", "epoch"),
    money="profit",
    volumes=("", "volume"),
    lot=100,
    touches="day",
    touch_days=("open_time",),
    # The result of an open trade moves with every quote; the books take it when it is settled.
    touch_columns=(
        "login", "cmd", "symbol", "volume", "open_time", "open_price", "close_time", "comment",
        "CASE WHEN {row}.close_time IS NOT NULL OR {row}.cmd > 5 THEN "
        "({row}.profit, {row}.swaps, {row}.commission, {row}.taxes, {row}.close_price) END",
    ),
    columns=(
        _key("TICKET"),
        _key("LOGIN"),
        Column("SYMBOL", "VARCHAR", required=True),
        *_columns("BIGINT", "DIGITS"),
        _key("CMD"),
        _key("VOLUME"),
        _key("OPEN_TIME"),
        Column("OPEN_PRICE", "DOUBLE", required=True),
        *_columns("DOUBLE", "SL TP"),
        Column("CLOSE_TIME", "BIGINT", required=True, zero_is_null=True),
        *_seconds("EXPIRATION"),
        *_columns("BIGINT", "REASON"),
        *_columns("DOUBLE", "CONV_RATE1 CONV_RATE2"),
        Column("COMMISSION", "DOUBLE", required=True),
        *_columns("DOUBLE", "COMMISSION_AGENT"),
        Column("SWAPS", "DOUBLE", required=True),
        Column("CLOSE_PRICE", "DOUBLE", required=True),
        Column("PROFIT", "DOUBLE", required=True, nullable=False),
        *_columns("DOUBLE", "TAXES"),
        *_columns("VARCHAR", "COMMENT"),
        *_columns("BIGINT", "INTERNAL_ID"),
        *_columns("DOUBLE", "MARGIN_RATE"),
        *_columns("BIGINT", "TIMESTAMP MAGIC GW_VOLUME GW_OPEN_PRICE GW_CLOSE_PRICE"),
        *_seconds("MODIFY_TIME"),
    ),
)  # fmt: skip

# What moves with every quote is read apart from what identifies the account.
_USERS = "MT4_USERS"

USERS = TableContract(
    table="mt4_users",
    source_table=_USERS,
    key=("login",),
    touches="history",
    touch_columns=("group", "currency"),
    marker="modify_time",
    columns=(
        _key("LOGIN"),
        Column("GROUP", "VARCHAR", required=True),
        *_columns("BIGINT", "ENABLE ENABLE_READONLY"),
        *_columns("VARCHAR", "COUNTRY LEAD_SOURCE STATUS"),
        *_seconds("REGDATE"),
        *_columns("BIGINT", "LEVERAGE AGENT_ACCOUNT TIMESTAMP"),
        *_columns("VARCHAR", "CURRENCY"),
        *_seconds("MODIFY_TIME"),
        *_columns("VARCHAR", "NAME CITY STATE ZIPCODE ADDRESS PHONE EMAIL COMMENT ID", pii=True),
    ),
    # PASSWORD_PHONE is a secret; the others say how the terminal looks.
    unread=(
        "PASSWORD_PHONE", "ENABLE_CHANGE_PASS", "ENABLE_OTP", "SEND_REPORTS", "MQID", "USER_COLOR",
        "API_DATA",
    ),
)  # fmt: skip

ACCOUNTS = TableContract(
    table="mt4_accounts",
    source_table=_USERS,
    key=("login",),
    versioning="live",
    columns=(
        _key("LOGIN"),
        *_seconds("LASTDATE"),
        Column("BALANCE", "DOUBLE", required=True),
        *_columns("DOUBLE", "PREVMONTHBALANCE PREVBALANCE CREDIT INTERESTRATE TAXES"),
        *_columns("DOUBLE", "EQUITY MARGIN MARGIN_LEVEL MARGIN_FREE"),
    ),
)

DAILY = TableContract(
    table="mt4_daily",
    source_table="MT4_DAILY",
    key=("login", "time"),
    versioning="marker",
    marker="modify_time",
    marker_unit="seconds",
    block=("time", 86_400),
    checksum=("modify_time", "login", "balance", "deposit", "profit_closed", "profit", "credit"),
    business_date=("time", "epoch"),
    money="balance",
    touches="day",
    columns=(
        _key("LOGIN"),
        _key("TIME"),
        *_columns("VARCHAR", "GROUP"),
        *_columns("DOUBLE", "BALANCE_PREV"),
        Column("BALANCE", "DOUBLE", required=True),
        *_columns("DOUBLE", "DEPOSIT CREDIT PROFIT_CLOSED PROFIT EQUITY MARGIN MARGIN_FREE"),
        *_seconds("MODIFY_TIME"),
    ),
    unread=("BANK",),
)

PRICES = TableContract(
    table="mt4_prices",
    source_table="MT4_PRICES",
    key=("symbol",),
    versioning="live",
    columns=(
        _key("SYMBOL", "VARCHAR"),
        *_seconds("TIME"),
        *_columns("DOUBLE", "BID ASK LOW HIGH"),
        *_columns("BIGINT", "DIRECTION DIGITS SPREAD"),
        *_seconds("MODIFY_TIME"),
    ),
)

# Accounts first: a trade then finds its account in the same pass.
CONTRACTS: tuple[TableContract, ...] = (USERS, ACCOUNTS, TRADES, DAILY, PRICES)
