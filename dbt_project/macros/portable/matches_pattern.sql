{#- LIKE without an escape character: the backslashes of an MT5 group path are just characters. -#}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch("matches_pattern", "daybook")(text, pattern)) }}
{%- endmacro %}


{% macro duckdb__matches_pattern(text, pattern) -%}
    {{ text }} like {{ pattern }}
{%- endmacro %}
