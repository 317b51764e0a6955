"""The report database's tables: MetaTrader 4's column names, by type.

Facts from the DDL of a published report database; the order of columns is ours.
"""

from __future__ import annotations

import polars as pl

from ingestion.simulator.tables import ColumnType, TableSpec


def _spec(name: str, key: str, index: str, **columns: str) -> TableSpec:
    """A table from names by type, in the order of the types given; ``bigint="A B"``."""
    kinds: dict[str, ColumnType] = {
        "bigint": "bigint", "double": "double", "text": "text", "datetime": "datetime",
    }  # fmt: skip
    ordered = tuple(
        (column, kinds[kind]) for kind, names in columns.items() for column in names.split()
    )
    return TableSpec(name, tuple(key.split()), ordered, index)


TRADES = _spec(
    "MT4_TRADES", "TICKET", "TIMESTAMP",
    bigint="TICKET LOGIN DIGITS CMD VOLUME REASON INTERNAL_ID TIMESTAMP MAGIC GW_VOLUME "
    "GW_OPEN_PRICE GW_CLOSE_PRICE",
    text="SYMBOL COMMENT",
    datetime="OPEN_TIME CLOSE_TIME EXPIRATION MODIFY_TIME",
    double="OPEN_PRICE SL TP CONV_RATE1 CONV_RATE2 COMMISSION COMMISSION_AGENT SWAPS CLOSE_PRICE "
    "PROFIT TAXES MARGIN_RATE",
)  # fmt: skip
USERS = _spec(
    "MT4_USERS", "LOGIN", "TIMESTAMP",
    bigint="LOGIN ENABLE ENABLE_CHANGE_PASS ENABLE_READONLY ENABLE_OTP LEVERAGE AGENT_ACCOUNT "
    "TIMESTAMP SEND_REPORTS MQID USER_COLOR",
    text="GROUP PASSWORD_PHONE NAME COUNTRY CITY STATE ZIPCODE ADDRESS LEAD_SOURCE PHONE EMAIL "
    "COMMENT ID STATUS CURRENCY API_DATA",
    datetime="REGDATE LASTDATE MODIFY_TIME",
    double="BALANCE PREVMONTHBALANCE PREVBALANCE CREDIT INTERESTRATE TAXES EQUITY MARGIN "
    "MARGIN_LEVEL MARGIN_FREE",
)  # fmt: skip
DAILY = _spec(
    "MT4_DAILY", "LOGIN TIME", "",
    bigint="LOGIN", text="GROUP BANK", datetime="TIME MODIFY_TIME",
    double="BALANCE_PREV BALANCE DEPOSIT CREDIT PROFIT_CLOSED PROFIT EQUITY MARGIN MARGIN_FREE",
)  # fmt: skip
PRICES = _spec(
    "MT4_PRICES", "SYMBOL", "",
    text="SYMBOL", datetime="TIME MODIFY_TIME", double="BID ASK LOW HIGH",
    bigint="DIRECTION DIGITS SPREAD",
)  # fmt: skip
CONFIG = _spec("MT4_CONFIG", "CONFIG", "", bigint="CONFIG VALUE_INT", text="VALUE_STR")


def filled(spec: TableSpec, frame: pl.DataFrame) -> pl.DataFrame:
    """All columns of the table, in its order and types; what nobody set is 0, empty or 1970."""
    types: dict[ColumnType, pl.DataType] = {
        "bigint": pl.Int64(), "double": pl.Float64(), "text": pl.String(),
        "datetime": pl.Datetime("ms"),
    }  # fmt: skip
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit("" if kind == "text" else 0))
        .cast(types[kind])
        .alias(name)
        for name, kind in spec.columns
    )
