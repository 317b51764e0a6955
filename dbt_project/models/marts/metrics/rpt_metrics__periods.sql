{{ config(materialized="view") }}

{%- set totals = (
    metric_definitions()
    | selectattr("kind", "in", ["sum", "distinct"])
    | list
) -%}
{%- set ratios = metric_definitions() | selectattr("kind", "eq", "ratio") | list -%}
{%- set periods = {"day": "business_date", "month": "business_month"} -%}
{%- set dimensions = {
    "legal_entity": "legal_entity",
    "book": "book",
    "server": "server_id",
    "country": "country",
    "partner": "partner_key",
    "desk": "desk",
    "instrument": "instrument",
} -%}

with

    registry as (
        select metric, unit, dimensions
        from {{ ref("ref_metrics") }}
        where kind in ('sum', 'distinct', 'ratio')
    ),

    {% for grain in ["day", "month"] %}
        {{ grain }}_totals as (
            select
                tenant_id,
                {{ periods[grain] }} as period_start,
                case
                    {%- for name, column in dimensions.items() %}
                        when grouping({{ column }}) = 0 then '{{ name }}'
                    {%- endfor %}
                    else 'total'
                end as dimension,
                case
                    {%- for name, column in dimensions.items() %}
                        when grouping({{ column }}) = 0 then {{ column }}
                    {%- endfor %}
                end as dimension_value,
                {%- for metric in totals %}
                    {{ metric_total(metric) }}
                    as {{ metric.metric }}{{ "," if not loop.last }}
                {%- endfor %}
            from {{ ref("rpt_metrics__inputs") }}
            group by
                grouping sets (  -- noqa: PRS
                    (tenant_id, {{ periods[grain] }}),
                    {%- for column in dimensions.values() %}
                        (tenant_id, {{ periods[grain] }}, {{ column }})
                        {{- "," if not loop.last }}
                    {%- endfor %}
                )
        ),

        {{ grain }}_figures as (
            select
                tenant_id,
                period_start,
                dimension,
                dimension_value,
                {%- for metric in totals %} {{ metric.metric }}, {%- endfor %}
                {%- for metric in ratios %}
                    {{
                        ratio(
                            "(" ~ metric.numerator ~ " * " ~ metric.factor ~ ")",
                            metric.denominator,
                        )
                    }} as {{ metric.metric }}{{ "," if not loop.last }}
                {%- endfor %}
            from {{ grain }}_totals
        ){{ "," if not loop.last }}
    {% endfor %}

{% for grain in ["day", "month"] %}
    select
        figures.tenant_id,
        '{{ grain }}' as grain,
        figures.period_start,
        registry.metric,
        figures.dimension,
        figures.dimension_value,
        cast(
            case
                registry.metric
                {%- for metric in totals + ratios %}
                    when '{{ metric.metric }}' then figures.{{ metric.metric }}
                {%- endfor %}
            end as decimal(38, 8)
        ) as value,
        registry.unit
    from {{ grain }}_figures as figures
    inner join
        registry
        on figures.dimension = 'total'
        or {{
            matches_pattern(
                "' ' || registry.dimensions || ' '",
                "'% ' || figures.dimension || ' %'",
            )
        }}
        {{ "union all" if not loop.last }}
{% endfor %}
