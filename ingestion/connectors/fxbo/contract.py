"""Contracts of an FXBackOffice database: the tables its clients, money and partners are in.

Columns under the database's own names (docs of two brokers that query it; SOURCES 5.1), plus a few
that the connector derives: server and login of a ``loginSid``, and kind and status of a
transaction in our words.
"""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.contracts import Column, ColumnType, TableContract

KINDS = ("deposit", "withdrawal", "ib_withdrawal", "transfer", "other")
STATUSES = ("requested", "approved", "processed", "declined")


def _must(source: str, column_type: ColumnType = "VARCHAR") -> Column:
    return Column(source, column_type, required=True, nullable=False)


def _login_is_readable(rows: pl.DataFrame) -> pl.DataFrame:
    """A loginSid is ``{sid}-{login}``."""
    name = "login_sid" if "login_sid" in rows.columns else "from_login_sid"
    strange = rows.filter(pl.col(name).is_not_null() & pl.col("login").is_null())
    return strange.select(
        ROW,
        pl.lit(name).alias("column_name"),
        pl.format("{} is no server and login: 5-1001", name).alias("reason"),
    )


def _words_are_known(rows: pl.DataFrame) -> pl.DataFrame:
    """Type and status of a transaction are words that options.types and options.statuses know."""
    refused = [
        rows.filter(pl.col(ours).is_null()).select(
            ROW,
            pl.lit(theirs).alias("column_name"),
            pl.format(
                '{} is "{}", which is not translated: add it to options.{}',
                pl.lit(theirs),
                pl.col(theirs).fill_null(""),
                pl.lit(option),
            ).alias("reason"),
        )
        for theirs, ours, option in (
            ("type", "kind", "types"),
            ("status", "request_status", "statuses"),
        )
    ]
    return pl.concat(refused).unique(ROW, keep="first", maintain_order=True)


USERS = TableContract(
    table="fxbo_users",
    source_table="users",
    key=("id",),
    required=True,
    columns=(
        _must("id", "BIGINT"),
        Column("country", "VARCHAR"),
        Column("cid", "INTEGER"),
        Column("isIb", "BOOLEAN", required=True),
        Column("isEmployee", "BOOLEAN"),
        Column("isEnabled", "BOOLEAN"),
        Column("partnerId", "BIGINT"),
        Column("createdAt", "TIMESTAMP"),
        Column("firstName", "VARCHAR", pii=True),
        Column("lastName", "VARCHAR", pii=True),
        Column("email", "VARCHAR", pii=True),
        Column("phone", "VARCHAR", pii=True),
    ),
)

# Of mt4_users only what says whose an account is: balances and trades come from the platform.
ACCOUNTS = TableContract(
    table="fxbo_accounts",
    source_table="mt4_users",
    key=("login_sid",),
    required=True,
    touches="",
    rules=(_login_is_readable,),
    columns=(
        _must("loginSid"),
        Column("userId", "BIGINT", required=True),
        Column("GROUP", "VARCHAR"),
        Column("CURRENCY", "VARCHAR"),
        Column("REGDATE", "TIMESTAMP"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
    ),
)

TRANSACTIONS = TableContract(
    table="fxbo_transactions",
    source_table="transactions",
    key=("id",),
    required=True,
    rules=(_words_are_known, _login_is_readable),
    columns=(
        _must("id", "BIGINT"),
        _must("type"),
        _must("status"),
        _must("fromUserId", "BIGINT"),
        Column("fromLoginSid", "VARCHAR"),
        Column("processedAmount", "DECIMAL(24,8)", required=True),
        Column("processedCurrency", "VARCHAR", required=True),
        Column("createdAt", "TIMESTAMP"),
        Column("processedAt", "TIMESTAMP"),
        Column("pspId", "BIGINT"),
        Column("comment", "VARCHAR", pii=True),
        Column("kind", "VARCHAR"),
        Column("request_status", "VARCHAR"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
    ),
)

PSPS = TableContract(
    table="fxbo_psps",
    source_table="psps",
    key=("id",),
    columns=(
        _must("id", "BIGINT"),
        Column("displayName", "VARCHAR"),
        Column("cid", "INTEGER"),
    ),
)

TAGS = TableContract(
    table="fxbo_tags",
    source_table="tags",
    key=("id",),
    columns=(
        _must("id", "BIGINT"),
        _must("tag"),
        Column("categoryId", "BIGINT"),
    ),
)

USER_TAGS = TableContract(
    table="fxbo_user_tags",
    source_table="user_tags",
    key=("user_id", "tag_id"),
    columns=(_must("userId", "BIGINT"), _must("tagId", "BIGINT")),
)

CUSTOM_FIELDS = TableContract(
    table="fxbo_user_custom_fields",
    source_table="user_custom_fields",
    key=("user_id", "k"),
    columns=(_must("userId", "BIGINT"), _must("k"), Column("v", "VARCHAR", pii=True)),
)


def _tree(table: str) -> TableContract:
    return TableContract(
        table=f"fxbo_{table}",
        source_table=table,
        key=("ib_id", "referral_id"),
        columns=(
            _must("ibId", "BIGINT"),
            _must("referralId", "BIGINT"),
            _must("level", "INTEGER"),
        ),
    )


IB_TREE = _tree("ib_tree")
IB_TREE_WITH_SELF = _tree("ib_tree_with_self")

STATS_TRADING = TableContract(
    table="fxbo_stats_trading",
    source_table="stats_trading",
    key=("date", "login_sid"),
    versioning="marker",
    marker="date",
    rules=(_login_is_readable,),
    columns=(
        _must("date", "DATE"),
        _must("loginSid"),
        Column("userId", "BIGINT"),
        Column("currency", "VARCHAR"),
        Column("tradeCnt", "BIGINT"),
        Column("totalPlClosed", "DECIMAL(24,8)", required=True),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
    ),
)

STATS_TRANSACTIONS = TableContract(
    table="fxbo_stats_transactions",
    source_table="stats_transactions",
    key=("date", "type", "login_sid", "user_id", "currency"),
    versioning="marker",
    marker="date",
    rules=(_login_is_readable,),
    columns=(
        _must("date", "DATE"),
        _must("type"),
        Column("loginSid", "VARCHAR"),
        _must("userId", "BIGINT"),
        _must("currency"),
        Column("amount", "DECIMAL(24,8)", required=True),
        Column("countTransactions", "BIGINT"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
    ),
)

STATS_IB_COMMISSIONS = TableContract(
    table="fxbo_stats_ib_commissions",
    source_table="stats_ib_commissions",
    key=("date", "ib_id", "ref_id", "currency"),
    versioning="marker",
    marker="date",
    columns=(
        _must("date", "DATE"),
        _must("ibId", "BIGINT"),
        _must("refId", "BIGINT"),
        _must("currency"),
        Column("commission", "DECIMAL(24,8)", required=True),
        Column("lots", "DECIMAL(24,8)"),
    ),
)

CONTRACTS = (
    USERS,
    ACCOUNTS,
    TRANSACTIONS,
    PSPS,
    TAGS,
    USER_TAGS,
    CUSTOM_FIELDS,
    IB_TREE,
    IB_TREE_WITH_SELF,
    STATS_TRADING,
    STATS_TRANSACTIONS,
    STATS_IB_COMMISSIONS,
)
