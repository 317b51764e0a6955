with

    lines as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            line_id,
            booked_date,
            line_type,
            symbol,
            amount,
            currency,
            reference,
            raw_row_id,
            load_id
        from {{ ref("stg_lp__statement_lines") }}
    ),

    clock as (select tenant_id, server_id from {{ clock_servers() }} as first_servers),

    spelled as (select tenant_id, symbol from lines where symbol <> ''),

    named as (
        select tenant_id, symbol, instrument
        from {{ provider_instruments("spelled") }} as resolved
    )

select
    lines.tenant_id,
    lines.lp_id,
    lines.lp_account_id,
    lines.line_id,
    coalesce(clock.server_id, '') as server_id,
    coalesce(hedging_entities.legal_entity, 'unmapped') as legal_entity,
    lines.booked_date as business_date,
    lines.line_type,
    lines.symbol,
    coalesce(named.instrument, '') as instrument,
    lines.amount,
    lines.currency,
    lines.reference,
    lines.raw_row_id,
    lines.load_id
from lines
left join clock on clock.tenant_id = lines.tenant_id
left join named on named.tenant_id = lines.tenant_id and named.symbol = lines.symbol
left join
    {{ single_entities(hedged=true) }} as hedging_entities
    on hedging_entities.tenant_id = lines.tenant_id
