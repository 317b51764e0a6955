"""A small FXBackOffice database of our own making, with the shapes that brokers query."""

from __future__ import annotations

from typing import Any

from tests.ingestion.exports import Export
from warehouse.settings import SourceSettings

COLUMNS: dict[str, dict[str, str]] = {
    "users": {
        "id": "BIGINT", "firstName": "TEXT", "lastName": "TEXT", "email": "TEXT",
        "country": "TEXT", "cid": "BIGINT", "isIb": "BIGINT", "isEmployee": "BIGINT",
        "isEnabled": "BIGINT", "partnerId": "BIGINT", "createdAt": "DATETIME", "zodiac": "TEXT",
    },
    "mt4_users": {
        "loginSid": "TEXT", "sid": "BIGINT", "LOGIN": "BIGINT", "userId": "BIGINT",
        "GROUP": "TEXT", "CURRENCY": "TEXT", "REGDATE": "DATETIME", "BALANCE": "DOUBLE",
    },
    "mt4_trades": {"TICKET": "BIGINT", "loginSid": "TEXT", "PROFIT": "DOUBLE"},
    "transactions": {
        "id": "BIGINT", "type": "TEXT", "status": "TEXT", "fromUserId": "BIGINT",
        "fromLoginSid": "TEXT", "processedAmount": "TEXT", "processedCurrency": "TEXT",
        "createdAt": "DATETIME", "processedAt": "DATETIME", "pspId": "BIGINT", "comment": "TEXT",
    },
    "psps": {"id": "BIGINT", "displayName": "TEXT", "cid": "BIGINT"},
    "tags": {"id": "BIGINT", "tag": "TEXT", "categoryId": "BIGINT"},
    "user_tags": {"userId": "BIGINT", "tagId": "BIGINT"},
    "user_custom_fields": {"userId": "BIGINT", "k": "TEXT", "v": "TEXT"},
    "ib_tree": {"ibId": "BIGINT", "referralId": "BIGINT", "level": "BIGINT"},
    "ib_tree_with_self": {"ibId": "BIGINT", "referralId": "BIGINT", "level": "BIGINT"},
    "stats_trading": {
        "date": "DATE", "loginSid": "TEXT", "userId": "BIGINT", "currency": "TEXT",
        "tradeCnt": "BIGINT", "totalPlClosed": "TEXT",
    },
    "stats_transactions": {
        "date": "DATE", "type": "TEXT", "loginSid": "TEXT", "userId": "BIGINT",
        "currency": "TEXT", "amount": "TEXT", "countTransactions": "BIGINT",
    },
    "stats_ib_commissions": {
        "date": "DATE", "ibId": "BIGINT", "refId": "BIGINT", "currency": "TEXT",
        "commission": "TEXT", "lots": "TEXT",
    },
}  # fmt: skip


def user(number: int, **fields: Any) -> dict[str, Any]:
    """A user; introducing brokers are below 10."""
    return {
        "id": number,
        "firstName": "Ada",
        "lastName": f"Secret{number}",
        "email": f"u{number}@secret.example",
        "country": "CY",
        "cid": 1,
        "isIb": int(number < 10),
        "isEmployee": 0,
        "isEnabled": 1,
        "partnerId": 0,
        "createdAt": "2026-07-01 12:00:00",
    } | fields


def transaction(number: int, **fields: Any) -> dict[str, Any]:
    """A booked deposit."""
    return {
        "id": number,
        "type": "deposit",
        "status": "approved",
        "fromUserId": 10,
        "fromLoginSid": "5-1001",
        "processedAmount": "100.10",
        "processedCurrency": "USD",
        "createdAt": "2026-10-20 10:00:00",
        "processedAt": "2026-10-26 10:00:00",
        "pspId": 3,
        "comment": "from Ada Secret",
    } | fields


def account(login_sid: str, user_id: int, **fields: Any) -> dict[str, Any]:
    """A trading account."""
    sid, login = login_sid.split("-")
    return {
        "loginSid": login_sid,
        "sid": int(sid),
        "LOGIN": int(login),
        "userId": user_id,
        "GROUP": "real\\USD",
        "CURRENCY": "USD",
        "REGDATE": "2026-07-01 15:00:00",
        "BALANCE": 1.0,
    } | fields


# 1 introduced 2, 2 introduced the client 10, 1 introduced the client 11.
IB_TREE = [(1, 2, 1), (2, 10, 1), (1, 10, 2), (1, 11, 1)]
IB_TREE_WITH_SELF = [(1, 1, 0), (2, 2, 0), (1, 2, 1), (2, 10, 0), (1, 10, 1), (1, 11, 0)]


def lay(export: Export, *without: str) -> None:
    """Make every table, with a few rows."""
    content: dict[str, list[dict[str, Any]]] = {
        "users": [user(n) for n in (1, 2, 10, 11)],
        "mt4_users": [
            account("5-1001", 10),
            account("6-2001", 11, GROUP="real\\CEN", CURRENCY="CEN"),
            account("2-77", 1, GROUP="IB-WALLET-USD"),
        ],
        "mt4_trades": [{"TICKET": 1, "loginSid": "5-1001", "PROFIT": 5.0}],
        "transactions": [
            transaction(1),
            transaction(2, type="withdrawal", processedAmount="-50.05"),
            transaction(3, fromUserId=11, fromLoginSid="6-2001", processedAmount="12345",
                        processedCurrency="CEN"),
            transaction(4, type="ib withdrawal", fromUserId=1, fromLoginSid="2-77",
                        processedAmount="-7"),
            transaction(5, status="fresh", processedAt=None, processedAmount=None),
            transaction(6, status="Declined", processedAt=None, fromLoginSid=""),
        ],
        "psps": [{"id": 3, "displayName": "Stripe", "cid": 0}],
        "tags": [{"id": 7, "tag": "Team South", "categoryId": 6}],
        "user_tags": [{"userId": 10, "tagId": 7}],
        "user_custom_fields": [{"userId": 10, "k": "custom_name", "v": '"Secret"'}],
        "ib_tree": [dict(zip(COLUMNS["ib_tree"], row, strict=True)) for row in IB_TREE],
        "ib_tree_with_self": [
            dict(zip(COLUMNS["ib_tree"], row, strict=True)) for row in IB_TREE_WITH_SELF
        ],
        "stats_trading": [
            {"date": "2026-10-26", "loginSid": "5-1001", "userId": 10, "currency": "USD",
             "tradeCnt": 2, "totalPlClosed": "-3.21"},
        ],
        "stats_transactions": [
            {"date": "2026-10-26", "type": "deposit", "loginSid": "5-1001", "userId": 10,
             "currency": "USD", "amount": "100.10", "countTransactions": 1},
        ],
        "stats_ib_commissions": [
            {"date": "2026-10-26", "ibId": ib, "refId": 10, "currency": "USD",
             "commission": "0.50", "lots": "1"}
            for ib in (1, 2)
        ],
    }  # fmt: skip
    for table, columns in COLUMNS.items():
        if table not in without:
            export.create(table, columns, content[table])


def fxbo(url: str, name: str = "fxbo", tenant: str = "demo", **options: Any) -> SourceSettings:
    """An fxbo source."""
    defaults = {"zone": "Asia/Nicosia", "servers": {"5": "mt5_live", "6": "", "2": ""}}
    return SourceSettings(
        name=name, kind="fxbo", tenant=tenant, url=url, options=defaults | options
    )
