{#-
    A symbol without what the broker appends to it: EURUSD.pro, EURUSDm and EURUSD.. are EURUSD where
    the platform says that they are euro against dollar; elsewhere only a dotted or numbered tail is
    taken off (US500.cash, GER40-2).
-#}
{% macro instrument_name(symbol, base_currency="null", profit_currency="null") -%}
    case
        when
            coalesce({{ base_currency }}, '') <> coalesce({{ profit_currency }}, '')
            and {{
                matches_pattern(
                    "upper(" ~ symbol ~ ")",
                    "upper(" ~ base_currency ~ " || " ~ profit_currency ~ ") || '%'",
                )
            }}
        then upper({{ base_currency }} || {{ profit_currency }})
        else upper(regexp_replace({{ symbol }}, '([.][.]*[a-z]*|-[0-9]+|[#+_]+)$', ''))
    end
{%- endmacro %}
