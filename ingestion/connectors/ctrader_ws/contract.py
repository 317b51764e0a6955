"""Contracts of the broker's web service: CSV columns and JSON fields by the service's names."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

SIDES = ("BUY", "SELL")
BOOKS = ("BOOK_A", "BOOK_B")

_POSITION = (
    Column("login", "BIGINT", required=True, nullable=False),
    Column("positionId", "BIGINT", required=True, nullable=False),
    Column("openTimestamp", "TIMESTAMP", required=True, nullable=False),
    Column("entryPrice", "DECIMAL(24,8)", required=True, nullable=False),
    Column("direction", "VARCHAR", required=True, nullable=False, allowed=SIDES),
    Column("volume", "DECIMAL(24,8)", required=True, nullable=False),
    Column("symbol", "VARCHAR", required=True, nullable=False),
    Column("commission", "DECIMAL(24,8)", required=True, nullable=False),
    Column("swap", "DECIMAL(24,8)", required=True, nullable=False),
    Column("bookType", "VARCHAR", required=True, allowed=BOOKS),
    Column("stake", "DECIMAL(24,8)"),
    Column("spreadBetting", "BOOLEAN"),
)

CLOSED_POSITIONS = TableContract(
    table="ctrader_ws_closed_positions",
    source_table="closedPositions",
    # A position that is closed in parts has a row for each part: positionId repeats.
    key=("deal_id",),
    block=("close_timestamp", 1),
    columns=(
        Column("dealId", "BIGINT", required=True, nullable=False),
        *_POSITION,
        Column("closeTimestamp", "TIMESTAMP", required=True, nullable=False),
        Column("closePrice", "DECIMAL(24,8)", required=True, nullable=False),
        Column("pnl", "DECIMAL(24,8)", required=True, nullable=False),
        Column("depositConversionRate", "DECIMAL(24,12)"),
        Column("usdConversionRate", "DECIMAL(24,12)"),
    ),
)

OPEN_POSITIONS = TableContract(
    table="ctrader_ws_open_positions",
    source_table="openPositions",
    key=("position_id",),
    columns=(*_POSITION, Column("usedMargin", "DECIMAL(24,8)")),
)

TRADERS = TableContract(
    table="ctrader_ws_traders",
    source_table="trader",
    key=("login",),
    columns=(
        Column("login", "BIGINT", required=True, nullable=False),
        Column("groupName", "VARCHAR", required=True, nullable=False),
        Column("depositCurrency", "VARCHAR", required=True, nullable=False),
        Column("moneyDigits", "INTEGER", required=True, nullable=False),
        Column("balance", "BIGINT", required=True, nullable=False),
        Column("bonus", "BIGINT"),
        Column("nonWithdrawableBonus", "BIGINT"),
        Column("equity", "BIGINT"),
        Column("cashEquity", "BIGINT"),
        Column("usedMargin", "BIGINT"),
        Column("freeMargin", "BIGINT"),
        Column("leverageInCents", "BIGINT"),
        Column("accountType", "VARCHAR"),
        Column("accessRights", "VARCHAR"),
        Column("brokerName", "VARCHAR"),
        Column("swapFree", "BOOLEAN"),
        Column("introducingBroker", "BOOLEAN"),
        Column("introducingBrokerCommissionRate", "DECIMAL(24,12)"),
        Column("contactDetails.introducingBroker1", "VARCHAR", name="introducing_broker_1"),
        Column("contactDetails.introducingBroker2", "VARCHAR", name="introducing_broker_2"),
        Column("registrationTimestamp", "BIGINT", required=True, nullable=False),
        Column("lastUpdateTimestamp", "BIGINT"),
        Column("name", "VARCHAR", pii=True),
        Column("lastName", "VARCHAR", pii=True),
        Column("email", "VARCHAR", pii=True),
        Column("contactDetails", "VARCHAR", pii=True),
    ),
)

TRADER_GROUPS = TableContract(
    table="ctrader_ws_trader_groups",
    source_table="traderGroup",
    key=("id",),
    columns=(
        Column("id", "BIGINT", required=True, nullable=False),
        Column("name", "VARCHAR", required=True, nullable=False),
        Column("description", "VARCHAR"),
    ),
)

SYMBOLS = TableContract(
    table="ctrader_ws_symbols",
    source_table="symbol",
    key=("id",),
    columns=(
        Column("id", "BIGINT", required=True, nullable=False),
        Column("name", "VARCHAR", required=True, nullable=False),
        Column("description", "VARCHAR"),
        Column("assetClass", "VARCHAR"),
        Column("category", "VARCHAR"),
        Column("quotesEnabled", "BOOLEAN"),
        Column("showInCtrader", "BOOLEAN"),
    ),
)

CONTRACTS = (TRADER_GROUPS, SYMBOLS, TRADERS, CLOSED_POSITIONS, OPEN_POSITIONS)
