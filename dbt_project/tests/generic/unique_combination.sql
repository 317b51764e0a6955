{#- The columns together identify a row. -#}
{% test unique_combination(model, columns, on_changed_days=false) %}
    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ rows_looked_at(model, on_changed_days) }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
