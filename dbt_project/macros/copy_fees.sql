{#- An amount as a person reads it in a reason: with the decimals of its currency, no others. -#}
{% macro amount_told(amount, digits) -%}
    case
        {{ digits }}
        when 0
        then cast(cast({{ amount }} as decimal(24, 0)) as varchar)
        when 3
        then cast(cast({{ amount }} as decimal(24, 3)) as varchar)
        when 8
        then cast(cast({{ amount }} as decimal(24, 8)) as varchar)
        else cast(cast({{ amount }} as decimal(24, 2)) as varchar)
    end
{%- endmacro %}
