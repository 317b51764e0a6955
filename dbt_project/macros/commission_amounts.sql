{#-
    What an agreement's rate is applied to. Lots count as often as the agreement says; money is
    stated in the agreement's currency, where it names one, at the rate of the trade's day.
-#}
{% macro commission_base(terms, measured) -%}
    {%- set point = minor_unit(measured ~ ".digits") -%}
    {%- set as_it_is -%}
        not {{ terms }}.excludes_bonus and (
            {{ terms }}.currency is null
            or {{ terms }}.currency = {{ measured }}.main_currency
        )
    {%- endset -%}
    case
        -- what nothing is to be multiplied with: products of decimals are dear
        when
            {{ terms }}.model = 'per_lot'
            and {{ terms }}.lot_ratio = 1
            and not {{ terms }}.excludes_bonus
        then {{ measured }}.closed_lots
        when {{ terms }}.model = 'commission_share' and {{ as_it_is }}
        then greatest({{ measured }}.commission_paid, 0)
        when {{ terms }}.model = 'revenue_share' and {{ as_it_is }}
        then {{ measured }}.revenue
        else {{ commission_base_multiplied(terms, measured, point) }}
    end
{%- endmacro %}


{% macro commission_base_multiplied(terms, measured, point) -%}
    cast(
        case
            {{ terms }}.model
            when 'per_lot'
            then {{ measured }}.closed_lots * {{ terms }}.lot_ratio
            else
                cast(
                    case
                        {{ terms }}.model
                        when 'per_million'
                        then
                            cast(
                                {{ measured }}.price
                                * {{ measured }}.price_unit_value as decimal(24, 8)
                            )
                            * 0.000001
                        when 'spread_share'
                        then
                            least(
                                {{ measured }}.market_spread_price,
                                coalesce(
                                    cast(
                                        {{ terms }}.spread_cap_points
                                        * {{ point }} as decimal(24, 8)
                                    ),
                                    {{ measured }}.market_spread_price
                                )
                            )
                            * {{ measured }}.price_unit_value
                        when 'markup_share'
                        then
                            cast(
                                {{ terms }}.markup_points
                                * {{ point }} as decimal(24, 8)
                            )
                            * {{ measured }}.price_unit_value
                        when 'commission_share'
                        then greatest({{ measured }}.commission_paid, 0)
                        when 'revenue_share'
                        then {{ measured }}.revenue
                    end as decimal(24, 8)
                ) * case
                    when
                        {{ terms }}.currency is null
                        or {{ terms }}.currency = {{ measured }}.main_currency
                    then cast(1 as decimal(14, 12))
                    else
                        cast(
                            {{ ratio("fx_main.rate", "fx_paid.rate", 12) }} as decimal(
                                24, 12
                            )
                        )
                end
        end * case
            when {{ terms }}.excludes_bonus
            then cast(1 - {{ measured }}.bonus_ratio as decimal(10, 6))
            else cast(1 as decimal(10, 6))
        end as decimal(24, 8)
    )
{%- endmacro %}


{#-
    The part of an amount that still fits under a limit, where `reached` is the running total with
    the amount in it. The parts of all amounts sum to the total or to the limit, in any order.
-#}
{% macro up_to(amount, limit, reached) -%}
    cast(
        least({{ reached }}, {{ limit }})
        - least({{ reached }} - ({{ amount }}), {{ limit }}) as decimal(24, 8)
    )
{%- endmacro %}
