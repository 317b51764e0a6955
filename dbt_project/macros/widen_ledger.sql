{#- A column that the ledger got after it was first built; it is never built anew. -#}
{% macro widen_ledger(column, type) -%}
    {% if execute and is_incremental() %}
        {% set held = (
            adapter.get_columns_in_relation(this)
            | map(attribute="name")
            | list
        ) %}
        {% if column not in held %}
            alter table {{ this }} add column {{ column }} {{ type }}
        {% endif %}
    {% endif %}
{%- endmacro %}
