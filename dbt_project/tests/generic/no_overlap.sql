{#- No two rows of the same key are in force on the same day; valid_from and valid_to half open. -#}
{% test no_overlap(model, key) %}
    select
        earlier.{{ key[0] }}, earlier.valid_from, later.valid_from as overlapping_from
    from {{ model }} as earlier
    inner join
        {{ model }} as later
        {% for column in key %}
            {{ "on" if loop.first else "and" }} later.{{ column }}
            = earlier.{{ column }}
        {% endfor %}
        and later.valid_from > earlier.valid_from
    where earlier.valid_to is null or earlier.valid_to > later.valid_from
{% endtest %}
