{#-
    Where a break stands with the people who answer for it. Whoever settled it settled the amount
    they saw: another amount is open again. `answers` is an alias of int_breaks__people_answered.
-#}
{% macro break_status(answers, amount, is_open) -%}
    case
        when {{ answers }}.resolved_amount = {{ amount }}
        then 'resolved'
        when {{ answers }}.explained_by is not null
        then 'explained'
        when {{ is_open }}
        then 'open'
        else 'closed'
    end
{%- endmacro %}
