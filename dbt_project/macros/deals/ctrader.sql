{#-
    cTrader's deals move the balance when they close: result, swap, the commission of entry and exit
    and the fee for converting the result settle then. Its cash flows are deals without a trade.

    Reads CTEs ``ctrader_trades``, ``ctrader_flows`` and ``ctrader_clock``.
-#}
{% macro ctrader_deals() -%}
    {%- set zero = "cast(0 as decimal(24, 8))" -%}
    select
        trades.tenant_id,
        trades.server_id,
        'ctrader' as platform,
        trades.deal_id,
        trades.tenant_id
        || '/'
        || trades.server_id
        || '/'
        || cast(trades.deal_id as varchar) as deal_key,
        coalesce(trades.login, trades.account_id) as login,
        trades.business_date,
        {{ minutes_after("trades.executed_at_utc", "clock.offset_minutes") }}
        as executed_at_server,
        trades.executed_at_utc,
        cast(null as integer) as utc_offset_minutes,
        trades.changed_at_utc,
        trades.order_id,
        trades.position_id,
        cast(null as bigint) as action_code,
        trades.side as action,
        cast(null as bigint) as entry_code,
        case
            when not trades.is_closing
            then 'in'
            when trades.filled_units > trades.closed_units
            then 'in_out'
            else 'out'
        end as entry,
        cast(null as bigint) as reason_code,
        coalesce(trades.symbol, '#' || cast(trades.symbol_id as varchar)) as symbol,
        trades.side,
        true as is_trade,
        true as is_turnover,
        trades.price,
        cast(null as decimal(24, 8)) as market_spread_price,
        cast(coalesce(trades.filled_lots, 0) as decimal(24, 8)) as volume_lots,
        cast(coalesce(trades.closed_lots, 0) as decimal(24, 8)) as volume_closed_lots,
        cast(trades.filled_units as decimal(38, 8)) as volume_units,
        coalesce(trades.gross_profit_amount, {{ zero }}) as closed_pnl_amount,
        coalesce(trades.realised_swap_amount, {{ zero }}) as swap_amount,
        coalesce(trades.realised_commission_amount, {{ zero }}) as commission_amount,
        coalesce(trades.conversion_fee_amount, {{ zero }}) as fee_amount,
        'trade' as component,
        cast(
            coalesce(trades.gross_profit_amount, 0)
            + coalesce(trades.realised_swap_amount, 0)
            + coalesce(trades.realised_commission_amount, 0)
            + coalesce(trades.conversion_fee_amount, 0) as decimal(24, 8)
        ) as balance_effect_amount,
        {{ zero }} as credit_effect_amount,
        '' as comment,
        false as is_modified,
        trades.raw_row_id,
        trades.load_id
    from ctrader_trades as trades
    left join
        ctrader_clock as clock
        on clock.tenant_id = trades.tenant_id
        and clock.server_id = trades.server_id
        and clock.utc_hour = date_trunc('hour', trades.executed_at_utc)
    union all
    select
        flows.tenant_id,
        flows.server_id,
        'ctrader' as platform,
        flows.balance_history_id as deal_id,
        flows.tenant_id
        || '/'
        || flows.server_id
        || '/cash/'
        || cast(flows.balance_history_id as varchar) as deal_key,
        coalesce(flows.login, flows.account_id) as login,
        flows.business_date,
        {{ minutes_after("flows.changed_at_utc", "clock.offset_minutes") }}
        as executed_at_server,
        flows.changed_at_utc as executed_at_utc,
        cast(null as integer) as utc_offset_minutes,
        flows.changed_at_utc,
        cast(null as bigint) as order_id,
        cast(0 as bigint) as position_id,
        cast(flows.operation_code as bigint) as action_code,
        coalesce(flows.operation, 'unknown') as action,
        cast(null as bigint) as entry_code,
        cast(null as varchar) as entry,
        cast(null as bigint) as reason_code,
        '' as symbol,
        cast(null as varchar) as side,
        false as is_trade,
        false as is_turnover,
        cast(null as decimal(24, 8)) as price,
        cast(null as decimal(24, 8)) as market_spread_price,
        {{ zero }} as volume_lots,
        {{ zero }} as volume_closed_lots,
        cast(null as decimal(38, 8)) as volume_units,
        {{ zero }} as closed_pnl_amount,
        case
            when flows.component = 'swap' then flows.amount else {{ zero }}
        end as swap_amount,
        {{ zero }} as commission_amount,
        case
            when flows.component = 'fee' then flows.amount else {{ zero }}
        end as fee_amount,
        coalesce(flows.component, 'unknown') as component,
        case
            when flows.moves = 'credit' then {{ zero }} else flows.amount
        end as balance_effect_amount,
        case
            when flows.moves = 'credit' then flows.amount else {{ zero }}
        end as credit_effect_amount,
        coalesce(flows.external_note, '') as comment,
        false as is_modified,
        flows.raw_row_id,
        flows.load_id
    from ctrader_flows as flows
    left join
        ctrader_clock as clock
        on clock.tenant_id = flows.tenant_id
        and clock.server_id = flows.server_id
        and clock.utc_hour = date_trunc('hour', flows.changed_at_utc)
{%- endmacro %}
