"""The canonical and source rows that several marts are made of, each said once."""

from __future__ import annotations

from quality.lineage.declaration import SourceRows

# The platform's reports of a close; its live balances where a server exports no reports.
# MetaTrader 4 states one floating result, which the books hold as the account's positions and what
# they leave over; cTrader states with each change what balance it left, and nothing that floats.
REPORTS = """(
    SELECT tenant_id, server_id, login, business_date, balance_amount, credit_amount,
        floating_pnl_amount, floating_swap_amount, false AS is_held_as_position
    FROM lake.staging.stg_mt5__daily_reports
    UNION ALL
    SELECT tenant_id, server_id, login, business_date, balance_amount, credit_amount,
        floating_result_amount, 0, true
    FROM lake.staging.stg_mt4__daily_reports
    UNION ALL
    SELECT tenant_id, server_id, login, business_date,
        arg_max(balance_amount, balance_version), NULL, NULL, NULL, false
    FROM lake.staging.stg_ctrader__balance_changes
    WHERE login IS NOT NULL
    GROUP BY tenant_id, server_id, login, business_date
)"""
LIVE_BALANCES = "lake.staging.stg_mt5__accounts"
POSITIONS = "lake.finance.fct_open_positions"

# What a deal that is no trade moves by itself, without swap, commission and fee beside it.
OPERATION = (
    "(d.balance_effect_amount - d.closed_pnl_amount - d.swap_amount - d.commission_amount"
    " - d.fee_amount)"
)

DEAL_SHOWS = (
    "executed_at_utc",
    "action",
    "symbol",
    "volume_lots",
    "component",
    "balance_effect_amount",
    "account_currency",
)

DEAL_SOURCES = tuple(
    SourceRows(table, key, {"_row_id": "raw_row_id", "_load_id": "load_id"})
    for table, key in (
        ("mt5_deals", ("deal",)),
        ("mt4_trades", ("ticket",)),
        ("ctrader_deals", ("deal_id", "ctid_trader_account_id")),
        ("ctrader_cash_flows", ("balance_history_id", "ctid_trader_account_id")),
    )
)

POSITION_SHOWS = (
    "business_date",
    "symbol",
    "side",
    "volume_lots",
    "open_price",
    "close_price",
    "floating_pnl_amount",
    "floating_swap_amount",
    "account_currency",
)

POSITION_SOURCES = (
    SourceRows(
        "mt5_daily_positions",
        ("datetime", "position"),
        {
            "_source": "server_id",
            "login": "login",
            "position": "position_id",
            "_business_date": "business_date",
        },
    ),
    # Valued by the closing quotes: the ticket, or every deal of the position.
    SourceRows(
        "mt4_trades",
        ("ticket",),
        {"_source": "server_id", "login": "login", "ticket": "position_id"},
    ),
    SourceRows(
        "ctrader_deals",
        ("deal_id", "ctid_trader_account_id"),
        {"_source": "server_id", "position_id": "position_id"},
    ),
    # What no position explains: the account's report.
    SourceRows(
        "mt4_daily",
        ("time", "login"),
        {"_source": "server_id", "login": "login", "_business_date": "business_date"},
    ),
)

REPORT_SHOWS = (
    "business_date",
    "balance_amount",
    "credit_amount",
    "floating_pnl_amount",
    "floating_swap_amount",
)

REPORT_SOURCES = (
    SourceRows(
        "mt5_daily",
        ("datetime", "login"),
        {"_source": "server_id", "login": "login", "_business_date": "business_date"},
    ),
    SourceRows(
        "mt4_daily",
        ("time", "login"),
        {"_source": "server_id", "login": "login", "_business_date": "business_date"},
    ),
)

LIVE_SOURCES = (SourceRows("mt5_accounts", ("login",), {"_source": "server_id", "login": "login"}),)

# Columns of can_deals and of the account that converts them, for a part's SELECT.
DEAL_COLUMNS = f"""
    s.subject_key, d.tenant_id, d.server_id, d.login, d.deal_key, d.business_date,
    d.executed_at_utc, d.action, d.symbol, d.volume_lots, d.component, d.is_trade, d.is_turnover,
    d.closed_pnl_amount, d.swap_amount, d.commission_amount, d.fee_amount,
    d.balance_effect_amount, d.credit_effect_amount, {OPERATION} AS operation_amount,
    d.account_currency, d.raw_row_id, d.load_id, d.business_date AS rate_date,
    a.main_currency, a.money_divisor
"""

ACCOUNT_OF_SUBJECT = """
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = s.tenant_id AND a.server_id = s.server_id AND a.login = s.login
"""

# For each row of `subject` (tenant_id, server_id, login, business_date): the last close at which
# the platform told of the account, by a report or by a position, up to the row's day. What floats
# stays as it was then.
LAST_MARK = f"""
SELECT s.subject_key, max(marks.business_date) AS mark_date
FROM subject AS s
JOIN (
    SELECT tenant_id, server_id, login, business_date FROM {REPORTS}
    UNION
    SELECT tenant_id, server_id, login, business_date FROM {POSITIONS}
) AS marks
    ON marks.tenant_id = s.tenant_id AND marks.server_id = s.server_id AND marks.login = s.login
    AND marks.business_date <= s.business_date
GROUP BY s.subject_key
"""

SERVERS_WITH_POSITIONS = """
SELECT DISTINCT tenant_id, server_id FROM lake.intermediate.int_server_closes WHERE has_positions
"""
