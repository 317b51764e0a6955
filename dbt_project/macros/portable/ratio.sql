{#-
    numerator / denominator as DECIMAL with `scale` decimals; NULL for a zero denominator. DuckDB
    divides decimals as doubles, good for 15 digits: dividing what the first quotient leaves over
    and adding it makes every decimal right.
-#}
{% macro ratio(numerator, denominator, scale=8) -%}
    {{ return(adapter.dispatch("ratio", "daybook")(numerator, denominator, scale)) }}
{%- endmacro %}


{% macro duckdb__ratio(numerator, denominator, scale) -%}
    {%- set first -%}
        cast(({{ numerator }}) / nullif({{ denominator }}, 0) as decimal(24, {{ scale }}))
    {%- endset -%}
    cast(
        {{ first }} + cast(
            ({{ numerator }} - {{ first }} * {{ denominator }})
            / nullif({{ denominator }}, 0) as decimal(24, {{ scale }})
        ) as decimal(24, {{ scale }})
    )
{%- endmacro %}
