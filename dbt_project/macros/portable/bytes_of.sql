{#- How many bytes a text has in UTF-8. -#}
{% macro bytes_of(text) -%}
    {{ return(adapter.dispatch("bytes_of", "daybook")(text)) }}
{%- endmacro %}


{% macro duckdb__bytes_of(text) -%} strlen({{ text }}) {%- endmacro %}
