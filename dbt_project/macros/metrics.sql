{#-
    The sum, or the count of clients, of one of metric_definitions(), over rows of
    rpt_metrics__inputs. As warehouse/metrics/statements.py: a sum that lacks a rate is not known.
-#}
{% macro metric_total(metric) -%}
    {%- if metric.kind == "distinct" -%}
        count(distinct case when {{ metric.measure }} then holder_key end)
    {%- else -%}
        case
            when count({{ metric.measure }}) = count(*)
            then cast(sum({{ metric.measure }}) * {{ metric.factor }} as decimal(38, 8))
        end
    {%- endif -%}
{%- endmacro %}
