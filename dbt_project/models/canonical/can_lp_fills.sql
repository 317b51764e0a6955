{#-
    A fill stands or it does not, and a raw row never changes: what is held is compared with what
    stands, whatever load made the difference.
-#}
{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_fallen_fills() }}",
    )
}}
-- depends_on: {{ ref("stg_lp__fill_verdicts") }}
with

    fills as (
        select
            tenant_id,
            lp_id,
            session_id,
            fill_id,
            executed_date,
            lp_account_id,
            order_id,
            client_order_id,
            symbol,
            side,
            volume_lots,
            volume_units,
            price,
            commission_amount,
            commission_currency,
            executed_at_utc,
            raw_row_id,
            load_id
        from {{ ref("stg_lp__fills") }}
        where
            is_standing
            {%- if is_incremental() %}
                and raw_row_id >= {{ first_fill_not_held() }}
                and raw_row_id not in (select held.raw_row_id from {{ this }} as held)
            {%- endif %}
    ),

    hours as (
        select distinct tenant_id, date_trunc('hour', executed_at_utc) as utc_hour
        from fills
    ),

    clock as (
        select tenant_id, utc_hour, server_id, ahead_minutes
        from {{ business_hours("hours") }} as dated
    ),

    instruments as (
        select tenant_id, instrument, max(profit_currency) as profit_currency
        from {{ ref("can_instruments") }}
        group by tenant_id, instrument
    ),

    named as (
        select tenant_id, symbol, instrument
        from {{ provider_instruments("fills") }} as resolved
    )

select
    fills.tenant_id,
    fills.lp_id,
    fills.tenant_id
    || '/'
    || fills.lp_id
    || '/'
    || fills.session_id
    || '/'
    || cast(fills.executed_date as varchar)
    || '/'
    || fills.fill_id as fill_key,
    fills.lp_account_id,
    fills.session_id,
    fills.fill_id,
    fills.executed_date,
    coalesce(clock.server_id, '') as server_id,
    coalesce(
        cast(
            {{ minutes_after("fills.executed_at_utc", "clock.ahead_minutes") }} as date
        ),
        fills.executed_date
    ) as business_date,
    fills.executed_at_utc,
    fills.order_id,
    fills.client_order_id,
    fills.symbol,
    named.instrument,
    instruments.profit_currency,
    fills.side,
    fills.volume_lots,
    fills.volume_units,
    cast(
        case
            fills.side when 'sell' then - fills.volume_units else fills.volume_units
        end as decimal(24, 8)
    ) as signed_units,
    fills.price,
    fills.commission_amount,
    fills.commission_currency,
    fills.raw_row_id,
    fills.load_id
from fills
left join
    clock
    on clock.tenant_id = fills.tenant_id
    and clock.utc_hour = date_trunc('hour', fills.executed_at_utc)
left join named on named.tenant_id = fills.tenant_id and named.symbol = fills.symbol
left join
    instruments
    on instruments.tenant_id = fills.tenant_id
    and instruments.instrument = named.instrument
