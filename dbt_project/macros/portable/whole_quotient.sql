{#-
    Integer division. The operator for it differs between engines, and the formatter takes DuckDB's
    for a comment.
-#}
{% macro whole_quotient(numerator, denominator) -%}
    {{ return(adapter.dispatch("whole_quotient", "daybook")(numerator, denominator)) }}
{%- endmacro %}


{% macro duckdb__whole_quotient(numerator, denominator) -%}
    divide({{ numerator }}, {{ denominator }})
{%- endmacro %}
