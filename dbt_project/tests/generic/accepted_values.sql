{#- dbt's own test of this name, that can look at changed days only. -#}
{% test accepted_values(
    model, column_name, values, quote=true, on_changed_days=false
) %}
    select {{ column_name }}, count(*) as row_count
    from {{ rows_looked_at(model, on_changed_days) }}
    where
        {{ column_name }} not in (
            {%- for value in values %}
                {{ "'" ~ value ~ "'" if quote else value }}{{ "," if not loop.last }}
            {%- endfor %}
        )
    group by {{ column_name }}
{% endtest %}
