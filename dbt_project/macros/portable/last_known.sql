{#- The latest value that is not NULL, from the window's start up to a row: this one by default. -#}
{% macro last_known(expression, partition_by, order_by, until="current row") -%}
    {{
        return(
            adapter.dispatch("last_known", "daybook")(
                expression, partition_by, order_by, until
            )
        )
    }}
{%- endmacro %}


{% macro duckdb__last_known(expression, partition_by, order_by, until) -%}
    last_value({{ expression }} ignore nulls) over (
        partition by {{ partition_by }}
        order by {{ order_by }}
        rows between unbounded preceding and {{ until }}
    )
{%- endmacro %}
