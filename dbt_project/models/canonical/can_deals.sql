{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(touched_days()) }}",
    )
}}

{#- One shape whatever the platform. -#}
{%- set columns = [
    "tenant_id",
    "server_id",
    "platform",
    "deal_id",
    "deal_key",
    "login",
    "business_date",
    "executed_at_server",
    "executed_at_utc",
    "utc_offset_minutes",
    "changed_at_utc",
    "order_id",
    "position_id",
    "action_code",
    "action",
    "entry_code",
    "entry",
    "reason_code",
    "symbol",
    "side",
    "is_trade",
    "is_turnover",
    "price",
    "market_spread_price",
    "volume_lots",
    "volume_closed_lots",
    "volume_units",
    "closed_pnl_amount",
    "swap_amount",
    "commission_amount",
    "fee_amount",
    "component",
    "balance_effect_amount",
    "credit_effect_amount",
    "comment",
    "is_modified",
    "raw_row_id",
    "load_id",
] -%}

with

    {% if is_incremental() %}
        touched as (
            select tenant_id, server_id, business_date from {{ touched_days() }} as days
        ),
    {% endif %}

    deals as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.deal_id,
            deals.login,
            deals.order_id,
            deals.position_id,
            deals.action_code,
            deals.entry_code,
            deals.reason_code,
            deals.business_date,
            deals.executed_at_server,
            deals.changed_at_utc,
            deals.utc_offset_minutes,
            deals.is_modified,
            deals.symbol,
            deals.price,
            deals.market_spread_price,
            deals.contract_size,
            deals.volume_lots,
            deals.volume_closed_lots,
            deals.profit_amount,
            deals.storage_amount,
            deals.commission_amount,
            deals.fee_amount,
            deals.comment,
            deals.raw_row_id,
            deals.load_id
        from {{ ref("stg_mt5__deals") }} as deals
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = deals.tenant_id
                and touched.server_id = deals.server_id
                and touched.business_date = deals.business_date
        {% endif %}
    ),

    servers as (
        select
            tenant_id,
            server_id,
            clock_zone,
            clock_shift_minutes,
            time_zone_minutes,
            bonus_moves,
            internal_transfer_prefix
        from {{ source("meta", "servers") }}
    ),

    actions as (
        select action_code, action, component, is_trade, moves
        from {{ ref("ref_mt5_deal_actions") }}
    ),

    entries as (select entry_code, entry from {{ ref("ref_mt5_deal_entries") }}),

    reasons as (select reason_code, is_turnover from {{ ref("ref_mt5_deal_reasons") }}),

    symbols as (
        select tenant_id, server_id, symbol, contract_size
        from {{ ref("stg_broker__symbols") }}
    ),

    accounts as (
        select tenant_id, server_id, login, account_key, account_currency
        from {{ ref("can_accounts") }}
    ),

    -- a zone's rules are slow to ask a million times: once for each hour that has a
    -- deal
    hours as (
        select distinct
            tenant_id, server_id, date_trunc('hour', executed_at_server) as server_hour
        from deals
    ),

    clock as (
        select
            hours.tenant_id,
            hours.server_id,
            hours.server_hour,
            case
                when servers.clock_zone <> ''
                then
                    {{
                        minutes_between(
                            server_time_to_utc(
                                "hours.server_hour",
                                "servers.clock_zone",
                                "servers.clock_shift_minutes",
                            ),
                            "hours.server_hour",
                        )
                    }}
                else servers.time_zone_minutes
            end as offset_minutes
        from hours
        left join
            servers
            on servers.tenant_id = hours.tenant_id
            and servers.server_id = hours.server_id
    ),

    mt5_deals as (
        select
            deals.tenant_id,
            deals.server_id,
            'mt5' as platform,
            deals.deal_id,
            deals.tenant_id
            || '/'
            || deals.server_id
            || '/'
            || cast(deals.deal_id as varchar) as deal_key,
            deals.login,
            deals.business_date,
            deals.executed_at_server,
            {{
                minutes_after(
                    "deals.executed_at_server", "-coalesce(clock.offset_minutes, 0)"
                )
            }} as executed_at_utc,
            deals.utc_offset_minutes,
            deals.changed_at_utc,
            deals.order_id,
            deals.position_id,
            deals.action_code,
            coalesce(actions.action, 'unknown') as action,
            deals.entry_code,
            case
                when actions.is_trade then coalesce(entries.entry, 'unknown')
            end as entry,
            deals.reason_code,
            deals.symbol,
            case when actions.is_trade then actions.action end as side,
            coalesce(actions.is_trade, false) as is_trade,
            coalesce(actions.is_trade, false)
            and coalesce(reasons.is_turnover, true) as is_turnover,
            deals.price,
            deals.market_spread_price,
            deals.volume_lots,
            deals.volume_closed_lots,
            {{ product(["deals.volume_lots", "deals.contract_size"], 38) }}
            as volume_units,
            case
                when actions.is_trade
                then deals.profit_amount
                else cast(0 as decimal(24, 8))
            end as closed_pnl_amount,
            case
                when {{ deal_moves("actions", "servers") }} = 'balance'
                then deals.storage_amount
                else cast(0 as decimal(24, 8))
            end as swap_amount,
            case
                when {{ deal_moves("actions", "servers") }} = 'balance'
                then deals.commission_amount
                else cast(0 as decimal(24, 8))
            end as commission_amount,
            case
                when {{ deal_moves("actions", "servers") }} = 'balance'
                then deals.fee_amount
                else cast(0 as decimal(24, 8))
            end as fee_amount,
            {{ deal_component("deals", "actions", "servers") }} as component,
            {{ balance_effect("deals", "actions", "servers") }}
            as balance_effect_amount,
            {{ credit_effect("deals", "actions", "servers") }} as credit_effect_amount,
            deals.comment,
            deals.is_modified,
            deals.raw_row_id,
            deals.load_id
        from deals
        left join
            servers
            on servers.tenant_id = deals.tenant_id
            and servers.server_id = deals.server_id
        left join actions on actions.action_code = deals.action_code
        left join entries on entries.entry_code = deals.entry_code
        left join reasons on reasons.reason_code = deals.reason_code
        left join
            clock
            on clock.tenant_id = deals.tenant_id
            and clock.server_id = deals.server_id
            and clock.server_hour = date_trunc('hour', deals.executed_at_server)
    ),

    mt4_trades as (
        select
            trades.tenant_id,
            trades.server_id,
            trades.ticket_id,
            trades.login,
            trades.command_code,
            trades.command,
            trades.is_trade,
            trades.is_open,
            trades.business_date,
            trades.opened_at_server,
            trades.opened_at_utc,
            trades.closed_at_server,
            trades.closed_at_utc,
            trades.changed_at_server,
            trades.symbol,
            trades.volume_lots,
            trades.open_price,
            trades.close_price,
            trades.profit_amount,
            trades.swap_amount,
            trades.commission_amount,
            trades.taxes_amount,
            trades.comment,
            trades.from_ticket_id,
            trades.is_swap_posting,
            trades.is_internal_transfer,
            trades.raw_row_id,
            trades.load_id,
            trades.opened_date,
            symbols.contract_size
        from {{ ref("stg_mt4__trades") }} as trades
        left join
            symbols
            on symbols.tenant_id = trades.tenant_id
            and symbols.server_id = trades.server_id
            and symbols.symbol = trades.symbol
        where
            trades.command in ('buy', 'sell', 'balance', 'credit')
            and trades.close_reason is distinct from 'cancelled'
    ),

    mt4_deals as ({{ mt4_deals() }}),

    ctrader_trades as (
        select
            trades.tenant_id,
            trades.server_id,
            trades.deal_id,
            trades.account_id,
            trades.login,
            trades.business_date,
            trades.order_id,
            trades.position_id,
            trades.symbol_id,
            trades.symbol,
            trades.side,
            trades.is_closing,
            trades.executed_at_utc,
            trades.changed_at_utc,
            trades.filled_units,
            trades.filled_lots,
            trades.closed_units,
            trades.closed_lots,
            trades.price,
            trades.gross_profit_amount,
            trades.realised_swap_amount,
            trades.realised_commission_amount,
            trades.conversion_fee_amount,
            trades.raw_row_id,
            trades.load_id
        from {{ ref("stg_ctrader__deals") }} as trades
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = trades.tenant_id
                and touched.server_id = trades.server_id
                and touched.business_date = trades.business_date
        {% endif %}
        where trades.is_filled
    ),

    ctrader_flows as (
        select
            flows.tenant_id,
            flows.server_id,
            flows.balance_history_id,
            flows.account_id,
            flows.login,
            flows.business_date,
            flows.operation_code,
            flows.operation,
            flows.moves,
            flows.component,
            flows.changed_at_utc,
            flows.amount,
            flows.external_note,
            flows.raw_row_id,
            flows.load_id
        from {{ ref("stg_ctrader__cash_flows") }} as flows
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = flows.tenant_id
                and touched.server_id = flows.server_id
                and touched.business_date = flows.business_date
        {% endif %}
    ),

    ctrader_hours as (
        select distinct
            tenant_id, server_id, date_trunc('hour', executed_at_utc) as utc_hour
        from ctrader_trades
        union
        select distinct
            tenant_id, server_id, date_trunc('hour', changed_at_utc) as utc_hour
        from ctrader_flows
    ),

    ctrader_clock as (
        select
            hours.tenant_id,
            hours.server_id,
            hours.utc_hour,
            {{
                minutes_between(
                    "hours.utc_hour",
                    utc_to_server_time(
                        "hours.utc_hour",
                        "servers.clock_zone",
                        "servers.clock_shift_minutes",
                    ),
                )
            }} as offset_minutes
        from ctrader_hours as hours
        left join
            servers
            on servers.tenant_id = hours.tenant_id
            and servers.server_id = hours.server_id
    ),

    ctrader_deals as ({{ ctrader_deals() }}),

    all_deals as (
        {%- for platform in ["mt5", "mt4", "ctrader"] %}
            select
                {% for column in columns %}
                    deals.{{ column }}{{ "," if not loop.last }}
                {% endfor %}
            from {{ platform }}_deals as deals
            {#- a ticket gives the deals of two days: those of an untouched one stay #}
            {% if is_incremental() and platform == "mt4" %}
                inner join
                    touched
                    on touched.tenant_id = deals.tenant_id
                    and touched.server_id = deals.server_id
                    and touched.business_date = deals.business_date
                {% endif %} {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    {% for column in columns %} all_deals.{{ column }}, {% endfor %}
    coalesce(accounts.account_key, {{ account_key("all_deals") }}) as account_key,
    coalesce(accounts.account_currency, 'XXX') as account_currency
from all_deals
left join
    accounts
    on accounts.tenant_id = all_deals.tenant_id
    and accounts.server_id = all_deals.server_id
    and accounts.login = all_deals.login
