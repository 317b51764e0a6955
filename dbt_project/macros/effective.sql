{#- A dated rule that is in force on a day; valid_from and valid_to are half open. -#}
{% macro effective(rule, day) -%}
    (
        {{ rule }}.valid_from <= {{ day }}
        and ({{ rule }}.valid_to is null or {{ rule }}.valid_to > {{ day }})
    )
{%- endmacro %}
