"""Contracts of the MetaTrader 5 backup server's SQL export.

Required is only what the books cannot do without: builds differ (2019 exports lack PriceSL,
PriceTP, Value, Fee and Market*), and an absent optional column is NULL.
Source: MetaQuotes' manual, page "SQL Export", checked against a real export of 2019.
"""

from __future__ import annotations

from ingestion.contracts import Column, ColumnType, TableContract


def _key(source: str, column_type: ColumnType = "BIGINT") -> Column:
    return Column(source, column_type, required=True, nullable=False)


def _columns(column_type: ColumnType, names: str, *, pii: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, column_type, pii=pii) for name in names.split())


DEALS = TableContract(
    table="mt5_deals",
    source_table="mt5_deals",
    key=("deal",),
    versioning="marker",
    marker="timestamp",
    yearly=True,
    required=True,
    block=("deal", 10_000),
    business_date=("time", "timestamp"),
    money="profit",
    volumes=("volume_ext", "volume"),
    touches="day",
    columns=(
        _key("Deal"),
        _key("Timestamp"),
        *_columns("VARCHAR", "ExternalID"),
        _key("Login"),
        *_columns("BIGINT", "Dealer Order"),
        _key("Action"),
        Column("Entry", "BIGINT", required=True),
        *_columns("BIGINT", "Reason Digits DigitsCurrency"),
        *_columns("DOUBLE", "ContractSize"),
        _key("Time", "TIMESTAMP"),
        *_columns("TIMESTAMP", "TimeMsc"),
        Column("Symbol", "VARCHAR", required=True),
        Column("Price", "DOUBLE", required=True),
        *_columns("DOUBLE", "PriceSL PriceTP"),
        *_columns("BIGINT", "Volume VolumeExt VolumeClosed VolumeClosedExt"),
        Column("Profit", "DOUBLE", required=True, nullable=False),
        *_columns("DOUBLE", "Value"),
        Column("Storage", "DOUBLE", required=True),
        Column("Commission", "DOUBLE", required=True),
        *_columns("DOUBLE", "Fee RateProfit RateMargin"),
        *_columns("BIGINT", "ExpertID"),
        Column("PositionID", "BIGINT", required=True),
        *_columns("VARCHAR", "Comment"),
        *_columns("DOUBLE", "ProfitRaw PricePosition TickValue TickSize"),
        *_columns("BIGINT", "Flags"),
        *_columns("VARCHAR", "Gateway"),
        *_columns("DOUBLE", "PriceGateway"),
        *_columns("BIGINT", "ModifyFlags"),
        *_columns("DOUBLE", "MarketBid MarketAsk MarketLast"),
    ),
)

USERS = TableContract(
    table="mt5_users",
    source_table="mt5_users",
    key=("login",),
    marker="timestamp",
    touches="history",
    touch_columns=("group",),
    columns=(
        _key("Login"),
        *_columns("BIGINT", "Timestamp TimestampTrade"),
        Column("Group", "VARCHAR", required=True),
        *_columns("BIGINT", "Rights"),
        *_columns("TIMESTAMP", "Registration LastAccess"),
        *_columns("VARCHAR", "Country"),
        *_columns("BIGINT", "ClientID Leverage Agent"),
        *_columns("DOUBLE", "Balance Credit BalancePrevDay"),
        *_columns("VARCHAR", "LeadCampaign LeadSource"),
        *_columns(
            "VARCHAR",
            "Name FirstName LastName MiddleName City State ZipCode Address Phone Email ID LastIP",
            pii=True,
        ),
    ),
)

ACCOUNTS = TableContract(
    table="mt5_accounts",
    source_table="mt5_accounts",
    key=("login",),
    versioning="live",
    columns=(
        _key("Login"),
        *_columns("BIGINT", "CurrencyDigits"),
        Column("Balance", "DOUBLE", required=True),
        Column("Credit", "DOUBLE", required=True),
        *_columns("DOUBLE", "Margin MarginFree MarginLevel Profit Storage Floating Equity"),
    ),
)

DAILY = TableContract(
    table="mt5_daily",
    source_table="mt5_daily",
    key=("datetime", "login"),
    versioning="marker",
    marker="timestamp",
    yearly=True,
    block=("datetime", 86_400),
    business_date=("datetime", "epoch"),
    money="balance",
    touches="day",
    columns=(
        _key("Datetime"),
        *_columns("BIGINT", "DatetimePrev"),
        _key("Login"),
        *_columns("BIGINT", "Timestamp"),
        *_columns("VARCHAR", "Group Currency"),
        *_columns("BIGINT", "CurrencyDigits"),
        Column("Balance", "DOUBLE", required=True),
        *_columns(
            "DOUBLE",
            "Credit BalancePrevDay EquityPrevDay Margin MarginFree Profit ProfitStorage "
            "ProfitEquity DailyProfit DailyBalance DailyCredit DailyCharge DailyCorrection "
            "DailyBonus DailyStorage DailyCommInstant DailyCommRound DailyCommFee DailyDividend "
            "DailyTaxes DailySOCompensation DailyAgent DailyInterest",
        ),
    ),
)

DAILY_POSITIONS = TableContract(
    table="mt5_daily_positions",
    source_table="mt5_daily_positions",
    key=("datetime", "position"),
    versioning="marker",
    marker="timestamp",
    yearly=True,
    block=("datetime", 86_400),
    business_date=("datetime", "epoch"),
    money="profit",
    volumes=("volume_ext", "volume"),
    touches="day",
    columns=(
        _key("Datetime"),
        _key("Position"),
        _key("Login"),
        *_columns("BIGINT", "Timestamp"),
        Column("Symbol", "VARCHAR", required=True),
        Column("Action", "BIGINT", required=True),
        *_columns("BIGINT", "Digits DigitsCurrency"),
        *_columns("DOUBLE", "ContractSize"),
        *_columns("TIMESTAMP", "TimeCreate"),
        *_columns("DOUBLE", "PriceOpen PriceCurrent"),
        *_columns("BIGINT", "Volume VolumeExt"),
        *_columns("DOUBLE", "Profit Storage RateProfit RateMargin"),
    ),
)

POSITIONS = TableContract(
    table="mt5_positions",
    source_table="mt5_positions",
    key=("position",),
    versioning="live",
    columns=(
        _key("Position"),
        _key("Login"),
        Column("Symbol", "VARCHAR", required=True),
        Column("Action", "BIGINT", required=True),
        *_columns("BIGINT", "Digits DigitsCurrency"),
        *_columns("DOUBLE", "ContractSize"),
        *_columns("TIMESTAMP", "TimeCreate TimeUpdate"),
        *_columns("DOUBLE", "PriceOpen PriceCurrent PriceSL PriceTP"),
        *_columns("BIGINT", "Volume VolumeExt"),
        *_columns("DOUBLE", "Profit Storage RateProfit RateMargin"),
    ),
)

ORDERS_HISTORY = TableContract(
    table="mt5_orders_history",
    source_table="mt5_orders_history",
    key=("order",),
    versioning="marker",
    marker="timestamp",
    yearly=True,
    block=("order", 10_000),
    columns=(
        _key("Order"),
        _key("Timestamp"),
        _key("Login"),
        *_columns("VARCHAR", "Symbol"),
        *_columns("BIGINT", "Type State Reason"),
        *_columns("TIMESTAMP", "TimeSetup TimeDone"),
        *_columns("DOUBLE", "PriceOrder PriceCurrent"),
        *_columns(
            "BIGINT",
            "VolumeInitial VolumeInitialExt VolumeCurrent VolumeCurrentExt PositionID",
        ),
        *_columns("VARCHAR", "Comment"),
    ),
)

ORDERS = TableContract(
    table="mt5_orders",
    source_table="mt5_orders",
    key=("order",),
    versioning="live",
    columns=(
        _key("Order"),
        _key("Login"),
        Column("Symbol", "VARCHAR", required=True),
        Column("Type", "BIGINT", required=True),
        *_columns("BIGINT", "State Reason"),
        Column("TimeSetup", "TIMESTAMP", required=True),
        *_columns("TIMESTAMP", "TimeExpiration"),
        *_columns("DOUBLE", "PriceOrder PriceTrigger PriceCurrent PriceSL PriceTP"),
        *_columns(
            "BIGINT",
            "VolumeInitial VolumeInitialExt VolumeCurrent VolumeCurrentExt PositionID",
        ),
        *_columns("VARCHAR", "Comment"),
    ),
)

SYMBOLS = TableContract(
    table="mt5_symbols",
    source_table="mt5_symbols",
    key=("symbol",),
    marker="timestamp",
    columns=(
        _key("Symbol", "VARCHAR"),
        *_columns("BIGINT", "Timestamp"),
        *_columns("VARCHAR", "Path Description ISIN CurrencyBase CurrencyProfit CurrencyMargin"),
        *_columns("BIGINT", "Digits"),
        *_columns("DOUBLE", "ContractSize"),
        *_columns("BIGINT", "CalcMode"),
        *_columns("DOUBLE", "TickSize TickValue"),
        *_columns("BIGINT", "SwapMode"),
        *_columns("DOUBLE", "SwapLong SwapShort"),
        *_columns("BIGINT", "Swap3Day"),
    ),
)

GROUPS = TableContract(
    table="mt5_groups",
    source_table="mt5_groups",
    key=("group",),
    marker="timestamp",
    columns=(
        _key("Group", "VARCHAR"),
        *_columns("BIGINT", "Timestamp"),
        Column("Currency", "VARCHAR", required=True),
        *_columns("BIGINT", "CurrencyDigits"),
        *_columns("VARCHAR", "Company"),
        *_columns("BIGINT", "MarginMode"),
    ),
)

PRICES = TableContract(
    table="mt5_prices",
    source_table="mt5_prices",
    key=("symbol",),
    versioning="live",
    columns=(
        _key("Symbol", "VARCHAR"),
        *_columns("TIMESTAMP", "Time"),
        *_columns("DOUBLE", "Bid Ask"),
        *_columns("BIGINT", "Digits"),
    ),
)

TIME = TableContract(
    table="mt5_time",
    source_table="mt5_time",
    key=("time_zone",),
    versioning="live",
    columns=(
        _key("TimeZone"),
        *_columns("BIGINT", "Daylight DaylightState"),
        *_columns("VARCHAR", "TimeServer"),
    ),
)

# Reference data first: a deal then finds its account in the same pass.
CONTRACTS: tuple[TableContract, ...] = (
    TIME,
    GROUPS,
    SYMBOLS,
    USERS,
    ACCOUNTS,
    DEALS,
    ORDERS_HISTORY,
    DAILY,
    DAILY_POSITIONS,
    POSITIONS,
    ORDERS,
    PRICES,
)
