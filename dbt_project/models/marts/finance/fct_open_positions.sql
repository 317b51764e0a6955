{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(touched_reporting_days()) }}",
    )
}}

with

    positions as (
        select
            positions.tenant_id,
            positions.server_id,
            positions.business_date,
            positions.position_id,
            positions.login,
            positions.symbol,
            positions.side,
            positions.volume_lots,
            positions.contract_size,
            positions.opened_at_server,
            positions.open_price,
            positions.close_price,
            positions.profit_rate,
            positions.floating_pnl_amount,
            positions.floating_swap_amount
        from {{ ref("stg_mt5__daily_positions") }} as positions
        {% if is_incremental() %}
            inner join
                {{ touched_reporting_days() }} as touched
                on touched.tenant_id = positions.tenant_id
                and touched.server_id = positions.server_id
                and touched.business_date = positions.business_date
        {% endif %}
        union all
        -- MetaTrader 4 states the floating result of an account in one sum, swap and
        -- commission included
        select
            reports.tenant_id,
            reports.server_id,
            reports.business_date,
            - reports.login,
            reports.login,
            '',
            null,
            0,
            null,
            null,
            null,
            null,
            null,
            reports.floating_result_amount,
            cast(0 as decimal(24, 8))
        from {{ ref("stg_mt4__daily_reports") }} as reports
        {% if is_incremental() %}
            inner join
                {{ touched_reporting_days() }} as touched
                on touched.tenant_id = reports.tenant_id
                and touched.server_id = reports.server_id
                and touched.business_date = reports.business_date
        {% endif %}
        where reports.floating_result_amount <> 0
    ),

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            is_excluded,
            account_currency,
            main_currency,
            money_divisor
        from {{ ref("can_accounts") }}
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }})

select
    positions.tenant_id,
    positions.server_id,
    positions.business_date,
    positions.position_id,
    positions.tenant_id
    || '/'
    || positions.server_id
    || '/'
    || cast(positions.position_id as varchar) as position_key,
    positions.login,
    coalesce(accounts.account_key, {{ account_key("positions") }}) as account_key,
    accounts.client_key,
    coalesce(books.legal_entity, 'unmapped') as legal_entity,
    coalesce(books.book, 'unmapped') as book,
    coalesce(accounts.is_excluded, false) as is_excluded,
    positions.symbol,
    case
        when positions.symbol = ''
        then ''
        else coalesce(instruments.instrument, {{ instrument_name("positions.symbol") }})
    end as instrument,
    positions.side,
    positions.volume_lots,
    cast(
        positions.volume_lots * positions.contract_size as decimal(38, 8)
    ) as volume_units,
    positions.opened_at_server,
    positions.open_price,
    positions.close_price,
    positions.profit_rate,
    positions.floating_pnl_amount,
    positions.floating_swap_amount,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    {{ to_reporting("positions.floating_pnl_amount", "fx", "accounts.money_divisor") }}
    as floating_pnl_reporting,
    {{ to_reporting("positions.floating_swap_amount", "fx", "accounts.money_divisor") }}
    as floating_swap_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from positions
left join
    accounts
    on accounts.tenant_id = positions.tenant_id
    and accounts.server_id = positions.server_id
    and accounts.login = positions.login
left join
    instruments
    on instruments.tenant_id = positions.tenant_id
    and instruments.server_id = positions.server_id
    and instruments.symbol = positions.symbol
left join
    fx
    on fx.business_date = positions.business_date
    and fx.currency = accounts.main_currency
    {{ join_books("positions") }}
