{#- The columns of mt5_deals, from a CTE `deals`; shared by the rows as they stand and the versions they replaced. -#}
{% macro mt5_deal_columns() -%}
    deals._tenant_id as tenant_id,
    deals._source as server_id,
    deals.deal as deal_id,
    deals.login,
    deals."order" as order_id,
    deals.position_id,
    deals.action as action_code,
    deals.entry as entry_code,
    deals.reason as reason_code,
    deals._business_date as business_date,
    coalesce(deals.time_msc, deals.time) as executed_at_server,
    {{ filetime_to_timestamp('deals."timestamp"') }} as changed_at_utc,
    {{
        measured_utc_offset(
            'deals."timestamp"',
            "coalesce(deals.time_msc, deals.time)",
            "deals.modify_flags",
        )
    }} as utc_offset_minutes,
    coalesce(deals.modify_flags, 0) <> 0 as is_modified,
    coalesce(deals.modify_flags, 0) as modify_flags_code,
    -- an administrator or a manager, in a terminal (1, 2) or through the API (16, 32)
    coalesce(deals.modify_flags, 0) & 51 <> 0 as is_hand_edited,
    coalesce(deals.modify_flags, 0) & 8 <> 0 as is_restored,
    coalesce(deals.action in (13, 14), false) as is_cancelled,
    coalesce(deals.reason = 15, false) as is_migrated,
    coalesce(deals.symbol, '') as symbol,
    cast(deals.digits_currency as integer) as currency_digits,
    {{ platform_money("deals.price", "deals.digits") }} as price,
    {{ platform_money("deals.price_position", "deals.digits") }} as position_price,
    -- a build without the market's quotes leaves them NULL or 0
    case
        when deals.market_bid <> 0 and deals.market_ask <> 0
        then {{ platform_money("deals.market_ask - deals.market_bid", "deals.digits") }}
    end as market_spread_price,
    cast(deals.contract_size as decimal(24, 8)) as contract_size,
    {{ lots("deals.volume_ext", "deals.volume") }} as volume_lots,
    {{ lots("deals.volume_closed_ext", "deals.volume_closed") }} as volume_closed_lots,
    {{ platform_money("deals.profit", "deals.digits_currency") }} as profit_amount,
    {{ platform_money("coalesce(deals.storage, 0)", "deals.digits_currency") }}
    as storage_amount,
    {{ platform_money("coalesce(deals.commission, 0)", "deals.digits_currency") }}
    as commission_amount,
    {{ platform_money("coalesce(deals.fee, 0)", "deals.digits_currency") }}
    as fee_amount,
    cast(deals.profit_raw as decimal(24, 8)) as raw_profit,
    cast(deals.rate_profit as decimal(24, 12)) as profit_rate,
    coalesce(deals.comment, '') as "comment",
    deals._row_id as raw_row_id,
    deals._load_id as load_id
{%- endmacro %}
