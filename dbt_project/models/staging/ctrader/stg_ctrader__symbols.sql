with

    names as (select * from {{ current_rows("ctrader_symbol_names") }} as rows_now),

    specifications as (select * from {{ current_rows("ctrader_symbols") }} as rows_now),

    assets as (select * from {{ current_rows("ctrader_assets") }} as rows_now),

    symbols as (
        select
            coalesce(names._tenant_id, specifications._tenant_id) as tenant_id,
            coalesce(names._source, specifications._source) as server_id,
            coalesce(names.symbol_id, specifications.symbol_id) as symbol_id,
            names.symbol_name,
            names.description,
            names.enabled,
            names.is_archived,
            names.base_asset_id,
            names.quote_asset_id,
            specifications.digits,
            specifications.lot_size,
            specifications.min_volume,
            specifications.max_volume,
            specifications.step_volume,
            specifications.pip_position,
            specifications.swap_long,
            specifications.swap_short,
            specifications.swap_calculation_type,
            specifications.swap_rollover_3_days
        from names
        full outer join
            specifications
            on specifications._tenant_id = names._tenant_id
            and specifications._source = names._source
            and specifications.symbol_id = names.symbol_id
    )

select
    symbols.tenant_id,
    symbols.server_id,
    symbols.symbol_id,
    symbols.symbol_name as symbol,
    symbols.description,
    base.name as base_currency,
    quote.name as quote_currency,
    symbols.digits,
    {{ units_of_cents("symbols.lot_size") }} as lot_units,
    {{ units_of_cents("symbols.min_volume") }} as min_units,
    {{ units_of_cents("symbols.max_volume") }} as max_units,
    {{ units_of_cents("symbols.step_volume") }} as step_units,
    symbols.pip_position as pip_digits,
    case
        symbols.swap_calculation_type
        when 0
        then 'pips'
        when 1
        then 'percentage'
        when 2
        then 'points'
    end as swap_calculation,
    cast(symbols.swap_long as decimal(24, 8)) as swap_long,
    cast(symbols.swap_short as decimal(24, 8)) as swap_short,
    symbols.swap_rollover_3_days as triple_swap_weekday,
    symbols.enabled as is_enabled,
    coalesce(symbols.is_archived, false) as is_archived
from symbols
left join
    assets as base
    on base._tenant_id = symbols.tenant_id
    and base._source = symbols.server_id
    and base.asset_id = symbols.base_asset_id
left join
    assets as quote
    on quote._tenant_id = symbols.tenant_id
    and quote._source = symbols.server_id
    and quote.asset_id = symbols.quote_asset_id
