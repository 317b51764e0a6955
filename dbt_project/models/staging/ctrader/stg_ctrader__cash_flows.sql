with

    flows as (select * from {{ current_rows("ctrader_cash_flows") }} as rows_now),

    accounts as (
        select tenant_id, server_id, account_id, login, currency
        from {{ ref("stg_ctrader__traders") }}
    ),

    operations as (select * from {{ ref("ref_ctrader_balance_operations") }})

select
    flows._tenant_id as tenant_id,
    flows._source as server_id,
    flows.balance_history_id,
    flows.ctid_trader_account_id as account_id,
    accounts.login,
    flows._business_date as business_date,
    flows.operation_type as operation_code,
    operations.operation,
    operations.moves,
    operations.component,
    {{ epoch_ms_to_timestamp("flows.change_balance_timestamp") }} as changed_at_utc,
    accounts.currency,
    -- Whether a withdrawal is stated below zero is not documented: its kind tells the
    -- direction.
    cast(
        abs({{ scaled_amount("flows.delta", "flows.money_digits") }})
        * operations.direction as decimal(24, 8)
    ) as amount,
    {{ scaled_amount("flows.balance", "flows.money_digits") }} as balance_amount,
    {{ scaled_amount("flows.equity", "flows.money_digits") }} as equity_amount,
    flows.balance_version,
    flows.external_note,
    flows._row_id as raw_row_id,
    flows._load_id as load_id
from flows
left join
    accounts
    on accounts.tenant_id = flows._tenant_id
    and accounts.server_id = flows._source
    and accounts.account_id = flows.ctid_trader_account_id
left join operations on operations.operation_code = flows.operation_type
