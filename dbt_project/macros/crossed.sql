{#-
    An amount in one currency as an amount in another, through the reporting currency's rates of the
    day; itself where both are the same, NULL where a rate is missing.
-#}
{% macro crossed(amount, from_currency, to_currency, from_fx, to_fx) -%}
    case
        when {{ from_currency }} = {{ to_currency }}
        then cast({{ amount }} as decimal(24, 8))
        else
            {{
                ratio(
                    "cast(("
                    ~ amount
                    ~ ") * "
                    ~ from_fx
                    ~ ".rate as decimal(38, 12))",
                    to_fx ~ ".rate",
                )
            }}
    end
{%- endmacro %}
