{#- The parts of every row add up to its total, exactly. -#}
{% test adds_up(model, total, parts, on_changed_days=false) %}
    select {{ total }} as stated, {{ parts | join(" + ") }} as summed
    from {{ rows_looked_at(model, on_changed_days) }}
    where {{ total }} <> {{ parts | join(" + ") }}
{% endtest %}
