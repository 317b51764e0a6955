{#-
    A dated rule that is in force on a day; valid_from and valid_to are half open.

    Not `valid_to is null or ...`: an outer join on such a condition compares all rows with all.
-#}
{% macro effective(rule, day) -%}
    (
        {{ rule }}.valid_from <= {{ day }}
        and coalesce({{ rule }}.valid_to, date '9999-12-31') > {{ day }}
    )
{%- endmacro %}
