{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(touched_days()) }}",
    )
}}

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
    )

select
    deals.tenant_id,
    deals.server_id,
    deals.deal_id,
    deals.tenant_id
    || '/'
    || deals.server_id
    || '/'
    || cast(deals.deal_id as varchar) as deal_key,
    deals.login,
    coalesce(accounts.account_key, {{ account_key("deals") }}) as account_key,
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
    case when actions.is_trade then coalesce(entries.entry, 'unknown') end as entry,
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
    cast(deals.volume_lots * deals.contract_size as decimal(38, 8)) as volume_units,
    case
        when actions.is_trade then deals.profit_amount else cast(0 as decimal(24, 8))
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
    {{ balance_effect("deals", "actions", "servers") }} as balance_effect_amount,
    {{ credit_effect("deals", "actions", "servers") }} as credit_effect_amount,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
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
    accounts
    on accounts.tenant_id = deals.tenant_id
    and accounts.server_id = deals.server_id
    and accounts.login = deals.login
left join
    clock
    on clock.tenant_id = deals.tenant_id
    and clock.server_id = deals.server_id
    and clock.server_hour = date_trunc('hour', deals.executed_at_server)
