{#-
    The first business day whose identities of the commission ledger a build may have changed, as a
    literal: days whose commission is priced again, and those that it booked.
-#}
{% macro first_partner_day() -%}
    {%- set query -%}
        select cast(min(changed.business_date) as varchar)
        from (
            select business_date
            from {{ ref("int_partners__days_touched") }}
            union all
            select business_date
            from {{ ref("fct_commission_ledger") }}
            where build_id > {{ last_done_build() }}
        ) as changed
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}
