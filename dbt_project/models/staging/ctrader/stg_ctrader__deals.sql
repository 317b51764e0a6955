with

    deals as (select * from {{ current_rows("ctrader_deals") }} as rows_now),

    accounts as (
        select tenant_id, server_id, account_id, login, currency
        from {{ ref("stg_ctrader__traders") }}
    ),

    symbols as (
        select tenant_id, server_id, symbol_id, symbol, lot_units
        from {{ ref("stg_ctrader__symbols") }}
    ),

    measured as (
        select
            deals.*,
            {{ units_of_cents("deals.volume") }} as ordered_units,
            {{ units_of_cents("deals.filled_volume") }} as filled_units,
            {{ units_of_cents("deals.close_closed_volume") }} as closed_units,
            coalesce(deals.money_digits, deals.close_money_digits, 0) as deal_digits,
            coalesce(deals.close_money_digits, deals.money_digits, 0) as close_digits
        from deals
    )

select
    measured._tenant_id as tenant_id,
    measured._source as server_id,
    measured.deal_id,
    measured.ctid_trader_account_id as account_id,
    accounts.login,
    measured._business_date as business_date,
    measured.order_id,
    measured.position_id,
    measured.symbol_id,
    symbols.symbol,
    case measured.trade_side when 1 then 'buy' when 2 then 'sell' end as side,
    case
        measured.deal_status
        when 2
        then 'filled'
        when 3
        then 'partially_filled'
        when 4
        then 'rejected'
        when 5
        then 'internally_rejected'
        when 6
        then 'error'
        when 7
        then 'missed'
    end as status,
    measured.deal_status in (2, 3) as is_filled,
    measured.close_gross_profit is not null as is_closing,
    {{ epoch_ms_to_timestamp("measured.create_timestamp") }} as created_at_utc,
    {{ epoch_ms_to_timestamp("measured.execution_timestamp") }} as executed_at_utc,
    {{ epoch_ms_to_timestamp("measured.utc_last_update_timestamp") }} as changed_at_utc,
    measured.ordered_units,
    measured.filled_units,
    {{ ratio("measured.filled_units", "symbols.lot_units") }} as filled_lots,
    measured.closed_units,
    {{ ratio("measured.closed_units", "symbols.lot_units") }} as closed_lots,
    cast(measured.execution_price as decimal(24, 8)) as price,
    cast(measured.close_entry_price as decimal(24, 8)) as entry_price,
    accounts.currency,
    {{ scaled_amount("measured.commission", "measured.deal_digits") }}
    as commission_amount,
    {{ scaled_amount("measured.close_gross_profit", "measured.close_digits") }}
    as gross_profit_amount,
    {{ scaled_amount("measured.close_swap", "measured.close_digits") }}
    as realised_swap_amount,
    {{ scaled_amount("measured.close_commission", "measured.close_digits") }}
    as realised_commission_amount,
    {{ scaled_amount("measured.close_pnl_conversion_fee", "measured.close_digits") }}
    as conversion_fee_amount,
    {{ scaled_amount("measured.close_balance", "measured.close_digits") }}
    as balance_amount,
    measured.close_balance_version as balance_version,
    cast(
        measured.close_quote_to_deposit_rate as decimal(24, 12)
    ) as quote_to_deposit_rate,
    cast(measured.base_to_usd_conversion_rate as decimal(24, 12)) as base_to_usd_rate,
    cast(measured.margin_rate as decimal(24, 12)) as margin_rate,
    measured._row_id as raw_row_id,
    measured._load_id as load_id
from measured
left join
    accounts
    on accounts.tenant_id = measured._tenant_id
    and accounts.server_id = measured._source
    and accounts.account_id = measured.ctid_trader_account_id
left join
    symbols
    on symbols.tenant_id = measured._tenant_id
    and symbols.server_id = measured._source
    and symbols.symbol_id = measured.symbol_id
