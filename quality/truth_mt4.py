"""The MetaTrader 4 server's staging views against the simulator's truth."""

from __future__ import annotations

from quality.truth_queries import Comparison

_DAYS = "mt4_account_days.parquet"
_DAY = ("tenant_id", "server_id", "login", "business_date")

DAILY_REPORTS = Comparison(
    id="truth_mt4_daily_reports",
    what="Every MT4 daily report states the balances and results of the simulator's truth",
    file=_DAYS,
    needs=("staging.stg_mt4__daily_reports",),
    key=_DAY,
    amounts=("previous_balance", "operations", "closed_result", "balance", "floating"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            server_id,
            login,
            business_date,
            previous_balance_amount AS previous_balance,
            balance_operations_amount AS operations,
            closed_result_amount AS closed_result,
            balance_amount AS balance,
            floating_result_amount AS floating
        FROM lake.staging.stg_mt4__daily_reports
    """,
)

TRADES = Comparison(
    id="truth_mt4_trades",
    what="The MT4 trades and operations of each account and day come to the simulator's truth",
    file=_DAYS,
    needs=("staging.stg_mt4__trades",),
    key=_DAY,
    amounts=("events", "operations", "profit", "swap", "commission"),
    truth="SELECT * FROM {file} WHERE events > 0",
    books="""
        SELECT
            tenant_id,
            server_id,
            login,
            business_date,
            count(*) AS events,
            sum(CASE WHEN command = 'balance' THEN profit_amount ELSE 0 END) AS operations,
            sum(CASE WHEN is_trade THEN profit_amount ELSE 0 END) AS profit,
            sum(swap_amount) AS swap,
            sum(commission_amount) AS commission
        FROM lake.staging.stg_mt4__trades
        WHERE business_date IS NOT NULL AND close_reason IS DISTINCT FROM 'cancelled'
        GROUP BY ALL
    """,
)

ACCOUNTS = Comparison(
    id="truth_mt4_accounts",
    what="Currency, balance, credit and the numbers of MT4 trades of each account are the truth's",
    file="mt4_accounts.parquet",
    needs=("staging.stg_mt4__trades", "staging.stg_mt4__users"),
    key=("tenant_id", "server_id", "login", "account_currency"),
    amounts=("closed_trades", "open_trades", "rests", "balance", "credit", "booked"),
    truth="SELECT *, balance AS booked FROM {file}",
    # Booked: what the account's own trades and operations come to.
    books="""
        SELECT
            users.tenant_id,
            users.server_id,
            users.login,
            users.account_currency,
            count(*) FILTER (trades.is_trade AND NOT trades.is_open) AS closed_trades,
            count(*) FILTER (trades.is_open) AS open_trades,
            count(trades.from_ticket_id) AS rests,
            any_value(users.balance_amount) AS balance,
            any_value(users.credit_amount) AS credit,
            coalesce(
                sum(
                    trades.profit_amount + trades.swap_amount
                    + trades.commission_amount + trades.taxes_amount
                ) FILTER (trades.business_date IS NOT NULL AND trades.command <> 'credit'),
                0
            ) AS booked
        FROM lake.staging.stg_mt4__users AS users
        LEFT JOIN lake.staging.stg_mt4__trades AS trades
            ON trades.tenant_id = users.tenant_id
            AND trades.server_id = users.server_id
            AND trades.login = users.login
        GROUP BY ALL
    """,
)

MT4_COMPARISONS = (DAILY_REPORTS, TRADES, ACCOUNTS)
