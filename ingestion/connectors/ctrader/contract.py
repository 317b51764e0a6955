"""Contracts of the cTrader Open API messages; a source name with a dot is a field of a field."""

from __future__ import annotations

from ingestion.connectors.ctrader.rules import (
    balance_change_is_known,
    deal_codes_are_known,
    money_has_digits,
    position_codes_are_known,
    realised_figures_are_whole,
)
from ingestion.contracts import Column, LoginLookup, TableContract

ACCOUNT = Column("ctidTraderAccountId", "BIGINT", required=True, nullable=False)

LOGIN = LoginLookup("ctid_trader_account_id", "ctrader_traders", "trader_login")

TRADERS = TableContract(
    table="ctrader_traders",
    source_table="ProtoOATrader",
    key=("ctid_trader_account_id",),
    touches="history",
    touch_columns=("trader_login", "deposit_asset_id", "money_digits", "broker_name"),
    login=LOGIN,
    columns=(
        ACCOUNT,
        Column("traderLogin", "BIGINT"),
        Column("balance", "BIGINT", required=True, nullable=False),
        Column("balanceVersion", "BIGINT"),
        Column("managerBonus", "BIGINT"),
        Column("ibBonus", "BIGINT"),
        Column("nonWithdrawableBonus", "BIGINT"),
        Column("moneyDigits", "INTEGER", required=True, nullable=False),
        Column("depositAssetId", "BIGINT", required=True, nullable=False),
        Column("accessRights", "INTEGER"),
        Column("accountType", "INTEGER"),
        Column("swapFree", "BOOLEAN"),
        Column("leverageInCents", "BIGINT"),
        Column("maxLeverage", "BIGINT"),
        Column("totalMarginCalculationType", "INTEGER"),
        Column("frenchRisk", "BOOLEAN"),
        Column("isLimitedRisk", "BOOLEAN"),
        Column("limitedRiskMarginCalculationStrategy", "INTEGER"),
        Column("fairStopOut", "BOOLEAN"),
        Column("stopOutStrategy", "INTEGER"),
        Column("brokerName", "VARCHAR"),
        Column("registrationTimestamp", "BIGINT"),
    ),
    rules=(money_has_digits,),
)

DEALS = TableContract(
    table="ctrader_deals",
    source_table="ProtoOADeal",
    # The id first: deals are laid out in the order they were made.
    key=("deal_id", "ctid_trader_account_id"),
    block=("execution_timestamp", 1),
    business_date=("execution_timestamp", "epoch_ms"),
    touches="day",
    login=LOGIN,
    columns=(
        Column("dealId", "BIGINT", required=True, nullable=False),
        ACCOUNT,
        Column("orderId", "BIGINT", required=True, nullable=False),
        Column("positionId", "BIGINT", required=True, nullable=False),
        Column("symbolId", "BIGINT", required=True, nullable=False),
        Column("tradeSide", "INTEGER", required=True, nullable=False),
        Column("dealStatus", "INTEGER", required=True, nullable=False),
        Column("volume", "BIGINT", required=True, nullable=False),
        Column("filledVolume", "BIGINT", required=True, nullable=False),
        Column("executionPrice", "DOUBLE"),
        Column("createTimestamp", "BIGINT", required=True, nullable=False),
        Column("executionTimestamp", "BIGINT", required=True, nullable=False),
        Column("utcLastUpdateTimestamp", "BIGINT"),
        Column("commission", "BIGINT"),
        Column("marginRate", "DOUBLE"),
        Column("baseToUsdConversionRate", "DOUBLE"),
        Column("moneyDigits", "INTEGER"),
        Column("closePositionDetail.entryPrice", "DOUBLE", name="close_entry_price"),
        Column("closePositionDetail.grossProfit", "BIGINT", name="close_gross_profit"),
        Column("closePositionDetail.swap", "BIGINT", name="close_swap"),
        Column("closePositionDetail.commission", "BIGINT", name="close_commission"),
        Column("closePositionDetail.pnlConversionFee", "BIGINT", name="close_pnl_conversion_fee"),
        Column("closePositionDetail.balance", "BIGINT", name="close_balance"),
        Column("closePositionDetail.balanceVersion", "BIGINT", name="close_balance_version"),
        Column("closePositionDetail.closedVolume", "BIGINT", name="close_closed_volume"),
        Column(
            "closePositionDetail.quoteToDepositConversionRate",
            "DOUBLE",
            name="close_quote_to_deposit_rate",
        ),
        Column("closePositionDetail.moneyDigits", "INTEGER", name="close_money_digits"),
    ),
    rules=(deal_codes_are_known, money_has_digits, realised_figures_are_whole),
)

CASH_FLOWS = TableContract(
    table="ctrader_cash_flows",
    source_table="ProtoOADepositWithdraw",
    key=("balance_history_id", "ctid_trader_account_id"),
    block=("change_balance_timestamp", 1),
    business_date=("change_balance_timestamp", "epoch_ms"),
    touches="day",
    login=LOGIN,
    columns=(
        Column("balanceHistoryId", "BIGINT", required=True, nullable=False),
        ACCOUNT,
        Column("operationType", "INTEGER", required=True, nullable=False),
        Column("delta", "BIGINT", required=True, nullable=False),
        Column("balance", "BIGINT", required=True, nullable=False),
        Column("balanceVersion", "BIGINT"),
        Column("equity", "BIGINT"),
        Column("moneyDigits", "INTEGER", required=True, nullable=False),
        Column("changeBalanceTimestamp", "BIGINT", required=True, nullable=False),
        Column("externalNote", "VARCHAR"),
    ),
    rules=(balance_change_is_known, money_has_digits),
)

OPEN_POSITIONS = TableContract(
    table="ctrader_open_positions",
    source_table="ProtoOAPosition",
    key=("position_id", "ctid_trader_account_id"),
    columns=(
        Column("positionId", "BIGINT", required=True, nullable=False),
        ACCOUNT,
        Column("tradeData.symbolId", "BIGINT", name="symbol_id", required=True, nullable=False),
        Column("tradeData.tradeSide", "INTEGER", name="trade_side", required=True, nullable=False),
        Column("tradeData.volume", "BIGINT", name="volume", required=True, nullable=False),
        Column("tradeData.openTimestamp", "BIGINT", name="open_timestamp"),
        Column("positionStatus", "INTEGER", required=True, nullable=False),
        Column("price", "DOUBLE"),
        Column("swap", "BIGINT", required=True, nullable=False),
        Column("commission", "BIGINT"),
        Column("mirroringCommission", "BIGINT"),
        Column("usedMargin", "BIGINT"),
        Column("marginRate", "DOUBLE"),
        Column("moneyDigits", "INTEGER", required=True, nullable=False),
        Column("stopLoss", "DOUBLE"),
        Column("takeProfit", "DOUBLE"),
        Column("utcLastUpdateTimestamp", "BIGINT"),
    ),
    rules=(position_codes_are_known, money_has_digits),
)

SYMBOLS = TableContract(
    table="ctrader_symbols",
    source_table="ProtoOASymbol",
    key=("symbol_id",),
    columns=(
        Column("symbolId", "BIGINT", required=True, nullable=False),
        Column("digits", "INTEGER", required=True, nullable=False),
        Column("pipPosition", "INTEGER", required=True, nullable=False),
        Column("lotSize", "BIGINT"),
        Column("minVolume", "BIGINT"),
        Column("maxVolume", "BIGINT"),
        Column("stepVolume", "BIGINT"),
        Column("commission", "BIGINT"),
        Column("commissionType", "INTEGER"),
        Column("preciseTradingCommissionRate", "BIGINT"),
        Column("pnlConversionFeeRate", "INTEGER"),
        Column("swapLong", "DOUBLE"),
        Column("swapShort", "DOUBLE"),
        Column("swapCalculationType", "INTEGER"),
        Column("swapRollover3Days", "INTEGER", name="swap_rollover_3_days"),
        Column("tradingMode", "INTEGER"),
        Column("scheduleTimeZone", "VARCHAR"),
        Column("measurementUnits", "VARCHAR"),
        Column("leverageId", "BIGINT"),
    ),
)

SYMBOL_NAMES = TableContract(
    table="ctrader_symbol_names",
    source_table="ProtoOALightSymbol",
    key=("symbol_id",),
    columns=(
        Column("symbolId", "BIGINT", required=True, nullable=False),
        Column("symbolName", "VARCHAR", required=True, nullable=False),
        Column("enabled", "BOOLEAN"),
        Column("baseAssetId", "BIGINT"),
        Column("quoteAssetId", "BIGINT"),
        Column("symbolCategoryId", "BIGINT"),
        Column("description", "VARCHAR"),
        Column("isArchived", "BOOLEAN", required=True, nullable=False),
    ),
)

ASSETS = TableContract(
    table="ctrader_assets",
    source_table="ProtoOAAsset",
    key=("asset_id",),
    columns=(
        Column("assetId", "BIGINT", required=True, nullable=False),
        Column("name", "VARCHAR", required=True, nullable=False),
        Column("displayName", "VARCHAR"),
        Column("digits", "INTEGER"),
    ),
)

# In the order a pass loads them: what names things before what refers to it.
CONTRACTS = (
    ASSETS,
    SYMBOL_NAMES,
    SYMBOLS,
    TRADERS,
    CASH_FLOWS,
    DEALS,
    OPEN_POSITIONS,
)
