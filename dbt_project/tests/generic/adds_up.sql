{#- The parts of every row add up to its total, exactly. -#}
{% test adds_up(model, total, parts) %}
    select {{ total }} as stated, {{ parts | join(" + ") }} as summed
    from {{ model }}
    where {{ total }} <> {{ parts | join(" + ") }}
{% endtest %}
