"""The platform's tables: exact MT5 column names, database types, keys.

Facts from the vendor's manual and a real export (MT5 backup server, SQL export).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["bigint", "double", "text", "datetime", "datetime6"]

_MONEY_OF_DAY = (
    "DailyProfit", "DailyBalance", "DailyCredit", "DailyCharge", "DailyCorrection", "DailyBonus",
    "DailyStorage", "DailyCommInstant", "DailyCommRound", "DailyCommFee", "DailyDividend",
    "DailyTaxes", "DailySOCompensation", "DailyAgent", "DailyInterest",
)  # fmt: skip


@dataclass(frozen=True)
class TableSpec:
    """One table: its key and its typed columns in order."""

    name: str
    key: tuple[str, ...]
    columns: tuple[tuple[str, ColumnType], ...]
    index: str = ""
    """Column an index is put on when indexes are asked for."""


def _spec(
    name: str, key: str, order: str, index: str = "", bigint: str = "", text: str = "",
    datetime: str = "", datetime6: str = "",
) -> TableSpec:  # fmt: skip
    """A table from space-separated names; a column in no list is a double."""
    kinds: dict[str, ColumnType] = dict.fromkeys(bigint.split(), "bigint")
    kinds |= dict.fromkeys(text.split(), "text")
    kinds |= dict.fromkeys(datetime.split(), "datetime")
    kinds |= dict.fromkeys(datetime6.split(), "datetime6")
    columns = tuple((column, kinds.get(column, "double")) for column in order.split())
    return TableSpec(name, tuple(key.split()), columns, index)


DEALS = _spec(
    "mt5_deals", "Deal",
    "Deal Timestamp ExternalID Login Dealer Order Action Entry Reason Digits DigitsCurrency "
    "ContractSize Time TimeMsc Symbol Price PriceSL PriceTP Volume VolumeExt VolumeClosed "
    "VolumeClosedExt Profit Value Storage Commission Fee RateProfit RateMargin ExpertID PositionID "
    "Comment ProfitRaw PricePosition TickValue TickSize Flags Gateway PriceGateway ModifyFlags "
    "MarketBid MarketAsk MarketLast",
    index="Timestamp",
    bigint="Deal Timestamp Login Dealer Order Action Entry Reason Digits DigitsCurrency Volume "
    "VolumeExt VolumeClosed VolumeClosedExt ExpertID PositionID Flags ModifyFlags",
    text="ExternalID Symbol Comment Gateway", datetime="Time", datetime6="TimeMsc",
)  # fmt: skip
ORDERS = _spec(
    "mt5_orders_history", "Order",
    "Order Timestamp Login Symbol Type State Reason TimeSetup TimeDone PriceOrder PriceCurrent "
    "VolumeInitial VolumeInitialExt VolumeCurrent VolumeCurrentExt PositionID Comment",
    index="Timestamp",
    bigint="Order Timestamp Login Type State Reason VolumeInitial VolumeInitialExt VolumeCurrent "
    "VolumeCurrentExt PositionID",
    text="Symbol Comment", datetime="TimeSetup TimeDone",
)  # fmt: skip
WORKING_ORDERS = _spec(
    "mt5_orders", "Order",
    "Order Login Symbol Type State Reason TimeSetup TimeExpiration PriceOrder PriceCurrent PriceSL "
    "PriceTP VolumeInitial VolumeInitialExt VolumeCurrent VolumeCurrentExt PositionID Comment",
    bigint="Order Login Type State Reason VolumeInitial VolumeInitialExt VolumeCurrent "
    "VolumeCurrentExt PositionID",
    text="Symbol Comment", datetime="TimeSetup TimeExpiration",
)  # fmt: skip
USERS = _spec(
    "mt5_users", "Login",
    "Login Timestamp TimestampTrade Group Rights Registration LastAccess Name FirstName LastName "
    "MiddleName Country City State ZipCode Address Phone Email ID ClientID Leverage Agent Balance "
    "Credit BalancePrevDay LeadCampaign LeadSource LastIP",
    index="Timestamp",
    bigint="Login Timestamp TimestampTrade Rights ClientID Leverage Agent",
    text="Group Name FirstName LastName MiddleName Country City State ZipCode Address Phone Email "
    "ID LeadCampaign LeadSource LastIP", datetime="Registration LastAccess",
)  # fmt: skip
ACCOUNTS = _spec(
    "mt5_accounts", "Login",
    "Login CurrencyDigits Balance Credit Margin MarginFree MarginLevel Profit Storage Floating "
    "Equity",
    bigint="Login CurrencyDigits",
)  # fmt: skip
DAILY = _spec(
    "mt5_daily", "Datetime Login",
    "Datetime DatetimePrev Login Timestamp Group Currency CurrencyDigits Balance Credit "
    "BalancePrevDay EquityPrevDay Margin MarginFree Profit ProfitStorage ProfitEquity "
    + " ".join(_MONEY_OF_DAY),
    index="Timestamp",
    bigint="Datetime DatetimePrev Login Timestamp CurrencyDigits", text="Group Currency",
)  # fmt: skip
DAILY_POSITIONS = _spec(
    "mt5_daily_positions", "Datetime Position",
    "Datetime Position Login Timestamp Symbol Action Digits DigitsCurrency ContractSize TimeCreate "
    "PriceOpen PriceCurrent Volume VolumeExt Profit Storage RateProfit RateMargin",
    index="Timestamp",
    bigint="Datetime Position Login Timestamp Action Digits DigitsCurrency Volume VolumeExt",
    text="Symbol", datetime="TimeCreate",
)  # fmt: skip
POSITIONS = _spec(
    "mt5_positions", "Position",
    "Position Login Symbol Action Digits DigitsCurrency ContractSize TimeCreate TimeUpdate "
    "PriceOpen PriceCurrent PriceSL PriceTP Volume VolumeExt Profit Storage RateProfit RateMargin",
    bigint="Position Login Action Digits DigitsCurrency Volume VolumeExt", text="Symbol",
    datetime="TimeCreate TimeUpdate",
)  # fmt: skip
SYMBOLS_TABLE = _spec(
    "mt5_symbols", "Symbol",
    "Symbol Timestamp Path Description ISIN CurrencyBase CurrencyProfit CurrencyMargin Digits "
    "ContractSize CalcMode TickSize TickValue SwapMode SwapLong SwapShort Swap3Day",
    bigint="Timestamp Digits CalcMode SwapMode Swap3Day",
    text="Symbol Path Description ISIN CurrencyBase CurrencyProfit CurrencyMargin",
)  # fmt: skip
GROUPS_TABLE = _spec(
    "mt5_groups", "Group", "Group Timestamp Currency CurrencyDigits Company MarginMode",
    bigint="Timestamp CurrencyDigits MarginMode", text="Group Currency Company",
)  # fmt: skip
PRICES_TABLE = _spec(
    "mt5_prices", "Symbol", "Symbol Time Bid Ask Digits",
    bigint="Digits", text="Symbol", datetime="Time",
)  # fmt: skip
TIME_TABLE = _spec(
    "mt5_time", "TimeZone", "TimeZone Daylight DaylightState TimeServer",
    bigint="TimeZone Daylight DaylightState", text="TimeServer",
)  # fmt: skip

TABLES: tuple[TableSpec, ...] = (
    DEALS, ORDERS, WORKING_ORDERS, USERS, ACCOUNTS, DAILY, DAILY_POSITIONS, POSITIONS,
    SYMBOLS_TABLE, GROUPS_TABLE, PRICES_TABLE, TIME_TABLE,
)  # fmt: skip
