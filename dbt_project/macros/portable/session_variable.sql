{#- A variable of the session that reads; NULL where nobody set it. -#}
{% macro session_variable(name) -%}
    {{ return(adapter.dispatch("session_variable", "daybook")(name)) }}
{%- endmacro %}


{% macro duckdb__session_variable(name) -%} getvariable('{{ name }}') {%- endmacro %}
