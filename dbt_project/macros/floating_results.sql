{#-
    A close's floating result counts for its own day and, taken away, for the close after it: weight
    and close of each step of a relation of closes.
-#}
{% macro floating_steps(closes) -%}
    (
        select
            tenant_id,
            server_id,
            business_date,
            business_date as close_date,
            has_positions,
            cast(1 as decimal(1, 0)) as weight
        from {{ closes }}
        union all
        select
            tenant_id,
            server_id,
            business_date,
            previous_close_date,
            has_positions,
            cast(-1 as decimal(1, 0))
        from {{ closes }}
        where previous_close_date is not null
    )
{%- endmacro %}


{#-
    What floated at the close of each of those steps, by login and symbol, with the step's weight. A
    server that exports no end-of-day positions states one result an account in its report.
-#}
{% macro floating_results(steps) -%}
    (
        select
            steps.tenant_id,
            steps.server_id,
            steps.business_date,
            steps.close_date,
            positions.login,
            positions.symbol,
            steps.weight * positions.floating_pnl_amount as floating_pnl,
            steps.weight * positions.floating_swap_amount as floating_swap
        from {{ steps }} as steps
        inner join
            {{ ref("fct_open_positions") }} as positions
            on positions.tenant_id = steps.tenant_id
            and positions.server_id = steps.server_id
            and positions.business_date = steps.close_date
        union all
        select
            steps.tenant_id,
            steps.server_id,
            steps.business_date,
            steps.close_date,
            reports.login,
            '',
            steps.weight * reports.floating_pnl_amount,
            steps.weight * reports.floating_swap_amount
        from {{ steps }} as steps
        inner join
            {{ ref("stg_mt5__daily_reports") }} as reports
            on reports.tenant_id = steps.tenant_id
            and reports.server_id = steps.server_id
            and reports.business_date = steps.close_date
            and not steps.has_positions
        where reports.floating_pnl_amount <> 0 or reports.floating_swap_amount <> 0
    )
{%- endmacro %}
