with

    executions as (select * from {{ current_rows("lp_fills") }} as rows_now),

    judged as (
        select executions.*, verdicts.root_fill_id, verdicts.fill_status
        from executions
        inner join
            {{ ref("stg_lp__fill_verdicts") }} as verdicts
            on verdicts.raw_row_id = executions._row_id
    ),

    measured as (
        select
            *,
            cast(
                case
                    when volume_unit = 'units'
                    then quantity
                    else quantity * units_per_lot
                end as decimal(24, 8)
            ) as volume_units,
            cast(
                case
                    when volume_unit = 'lots'
                    then quantity
                    else {{ ratio("quantity", "units_per_lot", 8) }}
                end as decimal(24, 8)
            ) as volume_lots
        from judged
    )

select
    _tenant_id as tenant_id,
    _source as lp_id,
    "session" as session_id,
    fill_id,
    executed_on as executed_date,
    kind as execution_kind,
    fill_status,
    fill_status = 'standing' as is_standing,
    ref_fill_id as referred_fill_id,
    kind = 'trade' or root_fill_id is not null as is_reference_held,
    order_id,
    client_order_id,
    trade_id,
    coalesce(account, '') as lp_account_id,
    coalesce(symbol, '') as symbol,
    side,
    volume_lots,
    volume_units,
    case side when 'sell' then - volume_units else volume_units end as signed_units,
    price,
    cast(volume_units * price as decimal(38, 8)) as volume_notional,
    currency as dealt_currency,
    coalesce(commission, cast(0 as decimal(24, 8))) as commission_amount,
    commission_currency,
    {{ server_time_to_utc("executed_at", "time_zone", "0") }} as executed_at_utc,
    value_date,
    market,
    coalesce("comment", '') as "comment",
    "format" as source_format,
    _row_id as raw_row_id,
    _load_id as load_id
from measured
