"""Small MetaTrader 4 report databases for tests."""

from __future__ import annotations

from typing import Any

from tests.ingestion.exports import Export
from warehouse.settings import SourceSettings

NONE = "1970-01-01 00:00:00"

TRADES = {
    "TICKET": "BIGINT", "LOGIN": "BIGINT", "SYMBOL": "TEXT", "DIGITS": "BIGINT", "CMD": "BIGINT",
    "VOLUME": "BIGINT", "OPEN_TIME": "DATETIME", "OPEN_PRICE": "DOUBLE", "SL": "DOUBLE",
    "TP": "DOUBLE", "CLOSE_TIME": "DATETIME", "EXPIRATION": "DATETIME", "REASON": "BIGINT",
    "COMMISSION": "DOUBLE", "SWAPS": "DOUBLE", "CLOSE_PRICE": "DOUBLE", "PROFIT": "DOUBLE",
    "TAXES": "DOUBLE", "COMMENT": "TEXT", "TIMESTAMP": "BIGINT", "MODIFY_TIME": "DATETIME",
}  # fmt: skip
USERS = {
    "LOGIN": "BIGINT", "GROUP": "TEXT", "ENABLE": "BIGINT", "PASSWORD_PHONE": "TEXT",
    "NAME": "TEXT", "COUNTRY": "TEXT", "EMAIL": "TEXT", "COMMENT": "TEXT", "ID": "TEXT",
    "REGDATE": "DATETIME", "LASTDATE": "DATETIME", "LEVERAGE": "BIGINT", "BALANCE": "DOUBLE",
    "CREDIT": "DOUBLE", "EQUITY": "DOUBLE", "CURRENCY": "TEXT", "TIMESTAMP": "BIGINT",
    "MODIFY_TIME": "DATETIME",
}  # fmt: skip
DAILY = {
    "LOGIN": "BIGINT", "TIME": "DATETIME", "GROUP": "TEXT", "BANK": "TEXT",
    "BALANCE_PREV": "DOUBLE", "BALANCE": "DOUBLE", "DEPOSIT": "DOUBLE", "CREDIT": "DOUBLE",
    "PROFIT_CLOSED": "DOUBLE", "PROFIT": "DOUBLE", "EQUITY": "DOUBLE", "MODIFY_TIME": "DATETIME",
}  # fmt: skip
PRICES = {
    "SYMBOL": "TEXT", "TIME": "DATETIME", "BID": "DOUBLE", "ASK": "DOUBLE", "DIGITS": "BIGINT",
}  # fmt: skip


def at(minute: int) -> str:
    """A time of 2026-10-28, that many minutes after ten o'clock on the server."""
    return f"2026-10-28 {10 + minute // 60:02d}:{minute % 60:02d}:00"


def trade(ticket: int, login: int = 2001, **fields: Any) -> dict[str, Any]:
    """A closed purchase of 0.10 EURUSD that earned ``ticket``, opened in minute ``ticket``."""
    minute = ticket % 200
    row: dict[str, Any] = {
        "TICKET": ticket, "LOGIN": login, "SYMBOL": "EURUSD", "DIGITS": 5, "CMD": 0, "VOLUME": 10,
        "OPEN_TIME": at(minute), "OPEN_PRICE": 1.1, "SL": 0.0, "TP": 0.0,
        "CLOSE_TIME": at(minute + 30), "EXPIRATION": NONE, "REASON": 0, "COMMISSION": 0.0,
        "SWAPS": 0.0, "CLOSE_PRICE": 1.101, "PROFIT": float(ticket), "TAXES": 0.0, "COMMENT": "",
        "TIMESTAMP": 1_790_000_000 + ticket, "MODIFY_TIME": at(minute + 30),
    }  # fmt: skip
    return row | fields


def opened(ticket: int, **fields: Any) -> dict[str, Any]:
    """A trade that is still open."""
    minute = ticket % 200
    return trade(
        ticket, **({"CLOSE_TIME": NONE, "MODIFY_TIME": at(minute), "PROFIT": -0.5} | fields)
    )


def user(login: int = 2001, **fields: Any) -> dict[str, Any]:
    """An account."""
    row: dict[str, Any] = {
        "LOGIN": login, "GROUP": "B-USD", "ENABLE": 1, "PASSWORD_PHONE": "hunter2",
        "NAME": "Ada Secret", "COUNTRY": "CY", "EMAIL": "ada@secret.example",
        "COMMENT": "secret remark", "ID": "SECRET77", "REGDATE": "2026-01-02 03:04:05",
        "LASTDATE": at(0), "LEVERAGE": 100, "BALANCE": 100.0, "CREDIT": 0.0, "EQUITY": 99.5,
        "CURRENCY": "USD", "TIMESTAMP": 1_790_000_000, "MODIFY_TIME": at(0),
    }  # fmt: skip
    return row | fields


def mt4(url: str, name: str = "mt4_live", tenant: str = "demo", **options: Any) -> SourceSettings:
    """An MT4 source."""
    return SourceSettings(name=name, kind="mt4", url=url, tenant=tenant, options=options)


def fill(export: Export, *trades: dict[str, Any], table: str = "MT4_TRADES") -> None:
    """Create the table of trades with these rows."""
    export.create(table, TRADES, trades)


def add(export: Export, *trades: dict[str, Any], table: str = "MT4_TRADES") -> None:
    """Insert trades."""
    export.insert(table, trades, TRADES)
