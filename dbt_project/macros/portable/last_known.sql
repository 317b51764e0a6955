{#- The latest value that is not NULL, up to and including this row of the window. -#}
{% macro last_known(expression, partition_by, order_by) -%}
    {{
        return(
            adapter.dispatch("last_known", "daybook")(
                expression, partition_by, order_by
            )
        )
    }}
{%- endmacro %}


{% macro duckdb__last_known(expression, partition_by, order_by) -%}
    last_value({{ expression }} ignore nulls) over (
        partition by {{ partition_by }}
        order by {{ order_by }}
        rows between unbounded preceding and current row
    )
{%- endmacro %}
