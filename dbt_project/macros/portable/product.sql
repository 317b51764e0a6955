{#-
    The product of two or more numbers as DECIMAL(width, 8), rounded half away from zero: a list of
    expressions without AND, OR or CASE around them needs no parentheses.

    DuckDB works out the exact product in no time, and takes microseconds a row to cut it back to 8
    decimals. The product of the factors as doubles is the right result wherever it is less than
    half a unit of the last decimal off the exact product, which is then all there is to ask: 25
    times faster. What lies in the middle, or is too large for a double, goes the long way.
-#}
{% macro product(factors, width=24) %}
    {{ return(adapter.dispatch("product", "daybook")(factors, width)) }}
{% endmacro %}


{% macro default__product(factors, width) -%}
    cast({{ factors | join(" * ") }} as decimal({{ width }}, 8))
{%- endmacro %}


{% macro duckdb__product(factors, width) -%}
    {%- set exact = factors | join(" * ") -%}
    {%- set doubles = [] -%}
    {%- for factor in factors -%}
        {%- do doubles.append("cast(" ~ factor ~ " as double)") -%}
    {%- endfor -%}
    {%- set near = "try_cast(" ~ doubles | join(" * ") ~ " as decimal(18, 8))" -%}
    case
        when abs({{ exact }} - {{ near }}) < cast(0.000000005 as decimal(9, 9))
        then cast({{ near }} as decimal({{ width }}, 8))
        else cast({{ exact }} as decimal({{ width }}, 8))
    end
{%- endmacro %}
