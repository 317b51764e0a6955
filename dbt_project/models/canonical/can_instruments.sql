{%- set has_held = was_built(this, "remapped_build_id") -%}
with

    symbols as (
        select
            tenant_id,
            server_id,
            symbol,
            path,
            description,
            base_currency,
            profit_currency,
            contract_size,
            digits,
            calculation_code,
            cast(null as decimal(24, 12)) as swap_long_price,
            cast(null as decimal(24, 12)) as swap_short_price,
            cast(null as integer) as triple_swap_weekday
        from {{ ref("stg_mt5__symbols") }}
        union all
        -- MetaTrader 4 exports no symbols: the broker's own list describes them
        select
            tenant_id,
            server_id,
            symbol,
            cast(null as varchar) as path,
            description,
            base_currency,
            profit_currency,
            contract_size,
            price_digits as digits,
            cast(null as bigint) as calculation_code,
            case
                when price_digits is not null
                then
                    cast(
                        swap_long_points
                        * {{ minor_unit("price_digits") }} as decimal(24, 12)
                    )
            end as swap_long_price,
            case
                when price_digits is not null
                then
                    cast(
                        swap_short_points
                        * {{ minor_unit("price_digits") }} as decimal(24, 12)
                    )
            end as swap_short_price,
            triple_swap_weekday
        from {{ ref("stg_broker__symbols") }}
        where
            (tenant_id, server_id)
            not in (select (tenant_id, server_id) from {{ ref("stg_mt5__symbols") }})
        union all
        select
            tenant_id,
            server_id,
            symbol,
            cast(null as varchar) as path,
            description,
            base_currency,
            quote_currency as profit_currency,
            lot_units as contract_size,
            digits,
            cast(null as bigint) as calculation_code,
            {%- for side in ["long", "short"] %}
                case
                    swap_calculation
                    when 'points'
                    then
                        cast(
                            swap_{{ side }}
                            * {{ minor_unit("digits") }} as decimal(24, 12)
                        )
                    when 'pips'
                    then
                        cast(
                            swap_{{ side }}
                            * {{ minor_unit("pip_digits") }} as decimal(24, 12)
                        )
                end as swap_{{ side }}_price,
            {%- endfor %}
            triple_swap_weekday
        from {{ ref("stg_ctrader__symbols") }}
        where symbol is not null
    ),

    currencies as (select currency from {{ ref("ref_currencies") }}),

    class_rules as (
        select
            priority, path_pattern, base_currency_pattern, symbol_pattern, asset_class
        from {{ ref("ref_asset_classes") }}
    ),

    named as (
        select
            symbols.tenant_id,
            symbols.server_id,
            symbols.symbol,
            {{
                instrument_name(
                    "symbols.symbol",
                    "symbols.base_currency",
                    "symbols.profit_currency",
                )
            }} as instrument,
            symbols.description,
            lower(coalesce(symbols.path, '')) as path,
            coalesce(symbols.base_currency, '') as base_currency,
            coalesce(symbols.profit_currency, '') as profit_currency,
            symbols.contract_size,
            symbols.digits,
            symbols.calculation_code,
            symbols.swap_long_price,
            symbols.swap_short_price,
            symbols.triple_swap_weekday
        from symbols
    ),

    classified as (
        select
            named.tenant_id,
            named.server_id,
            named.symbol,
            min_by(class_rules.asset_class, class_rules.priority) as asset_class
        from named
        inner join
            class_rules
            on {{ matches_pattern("named.path", "class_rules.path_pattern") }}
            and {{
                matches_pattern(
                    "named.base_currency", "class_rules.base_currency_pattern"
                )
            }}
            and {{ matches_pattern("named.instrument", "class_rules.symbol_pattern") }}
        group by named.tenant_id, named.server_id, named.symbol
    ),

    described as (
        select
            named.tenant_id,
            named.server_id,
            named.symbol,
            named.instrument,
            named.description,
            case
                when classified.asset_class is not null
                then classified.asset_class
                when
                    base.currency is not null
                    and profit.currency is not null
                    and base.currency <> profit.currency
                then 'fx'
                else 'other'
            end as asset_class,
            named.base_currency,
            named.profit_currency,
            named.contract_size,
            named.digits,
            named.calculation_code,
            named.swap_long_price,
            named.swap_short_price,
            named.triple_swap_weekday
        from named
        left join
            classified
            on classified.tenant_id = named.tenant_id
            and classified.server_id = named.server_id
            and classified.symbol = named.symbol
        left join currencies as base on base.currency = named.base_currency
        left join currencies as profit on profit.currency = named.profit_currency
    )

select
    described.tenant_id,
    described.server_id,
    described.symbol,
    described.instrument,
    described.description,
    described.asset_class,
    described.base_currency,
    described.profit_currency,
    described.contract_size,
    described.digits,
    described.calculation_code,
    described.swap_long_price,
    described.swap_short_price,
    described.triple_swap_weekday,
    {% if has_held %}
        case
            when
                held.symbol is null
                or (
                    held.instrument = described.instrument
                    and held.profit_currency = described.profit_currency
                    and held.contract_size is not distinct from described.contract_size
                )
            then held.remapped_build_id
            else cast({{ var("build_id") }} as bigint)
        end as remapped_build_id
    {% else %} cast(null as bigint) as remapped_build_id
    {% endif %}
from described
{% if has_held %}
    left join
        {{ this }} as held
        on held.tenant_id = described.tenant_id
        and held.server_id = described.server_id
        and held.symbol = described.symbol
{% endif %}
