"""The cTrader server's figures against the truth: balances, realised results, deals, positions."""

from __future__ import annotations

from quality.truth_queries import Comparison

_OF_THE_SERVER = "WHERE (tenant_id, server_id) IN (SELECT (tenant_id, server_id) FROM {file})"

ACCOUNT_DAYS = Comparison(
    id="truth_ctrader_account_days",
    what="Each cTrader balance after the last change of a day equals the simulator's truth",
    file="ctrader_account_days.parquet",
    needs=("staging.stg_ctrader__balance_changes",),
    key=("tenant_id", "server_id", "login", "utc_date"),
    amounts=("balance",),
    truth="SELECT * FROM {file}",
    books=f"""
        SELECT
            tenant_id,
            server_id,
            login,
            changed_at_utc::DATE AS utc_date,
            arg_max(balance_amount, balance_version) AS balance
        FROM lake.staging.stg_ctrader__balance_changes
        {_OF_THE_SERVER}
        GROUP BY ALL
    """,
)

ACCOUNTS = Comparison(
    id="truth_ctrader_accounts",
    what="Each cTrader account's balance, version, bonus and realised results equal the truth",
    file="ctrader_accounts.parquet",
    needs=("staging.stg_ctrader__traders", "staging.stg_ctrader__deals"),
    key=("tenant_id", "server_id", "login"),
    amounts=(
        "balance",
        "balance_version",
        "non_withdrawable_bonus",
        "gross_profit",
        "swap",
        "commission",
        "conversion_fee",
    ),
    truth="SELECT * FROM {file}",
    books=f"""
        WITH realised AS (
            SELECT
                tenant_id,
                server_id,
                account_id,
                sum(gross_profit_amount) AS gross_profit,
                sum(realised_swap_amount) AS swap,
                sum(realised_commission_amount) AS commission,
                sum(conversion_fee_amount) AS conversion_fee
            FROM lake.staging.stg_ctrader__deals
            WHERE is_closing
            GROUP BY ALL
        ),
        accounts AS (
            SELECT * FROM lake.staging.stg_ctrader__traders {_OF_THE_SERVER}
        )
        SELECT
            tenant_id,
            server_id,
            login,
            balance_amount AS balance,
            balance_version,
            non_withdrawable_bonus_amount AS non_withdrawable_bonus,
            coalesce(gross_profit, 0) AS gross_profit,
            coalesce(swap, 0) AS swap,
            coalesce(commission, 0) AS commission,
            coalesce(conversion_fee, 0) AS conversion_fee
        FROM accounts
        LEFT JOIN realised USING (tenant_id, server_id, account_id)
    """,
)

DEAL_STATUSES = Comparison(
    id="truth_ctrader_deal_statuses",
    what="cTrader's deals and filled units by account and status equal the simulator's truth",
    file="ctrader_deal_statuses.parquet",
    needs=("staging.stg_ctrader__deals",),
    key=("tenant_id", "server_id", "login", "status"),
    amounts=("deals", "filled_units"),
    truth="SELECT * FROM {file}",
    books=f"""
        SELECT
            tenant_id,
            server_id,
            login,
            status,
            count(*) AS deals,
            sum(filled_units) AS filled_units
        FROM lake.staging.stg_ctrader__deals
        {_OF_THE_SERVER}
        GROUP BY ALL
    """,
)

OPEN_POSITIONS = Comparison(
    id="truth_ctrader_open_positions",
    what="cTrader's open positions, their lots and swap equal the simulator's truth",
    file="ctrader_open_positions.parquet",
    needs=("staging.stg_ctrader__open_positions",),
    key=("tenant_id", "server_id", "login", "position_id"),
    amounts=("lots", "swap"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            server_id,
            login,
            position_id,
            volume_lots AS lots,
            floating_swap_amount AS swap
        FROM lake.staging.stg_ctrader__open_positions
        WHERE server_id = 'ctrader_live'
    """,
)

CTRADER_COMPARISONS = (ACCOUNT_DAYS, ACCOUNTS, DEAL_STATUSES, OPEN_POSITIONS)
