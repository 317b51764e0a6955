{#-
    The first business day whose liquidity identities a build may have changed, as a literal: days of
    the P&L, of fills and quotes that came or went, of partners' commission, and those on which what
    providers state is no longer what was checked. An exposure without a mark is judged again for
    five days, and as long as it is broken.
-#}
{% macro first_liquidity_day() -%}
    {%- set query -%}
        with
            stated as (
                select
                    'payment_costs_are_in_the_pnl' as identity_id,
                    tenant_id,
                    server_id,
                    business_date,
                    count(distinct currency) as population,
                    sum(amount) as amount
                from {{ ref("int_payments__costs_stated") }}
                group by tenant_id, server_id, business_date
                union all
                select
                    'lp_balance_rolls_forward',
                    tenant_id,
                    '',
                    balance_date,
                    count(*),
                    sum(closing_balance_amount)
                from {{ ref("fct_lp_balances") }}
                where break_type is null or break_type <> 'no_opening'
                group by tenant_id, balance_date
            ),

            checked as (
                select
                    identity_id,
                    tenant_id,
                    server_id,
                    business_date,
                    population,
                    case
                        identity_id
                        when 'lp_balance_rolls_forward'
                        then sum_right
                        else sum_left
                    end as amount
                from {{ this }}
                where
                    population > 0
                    and identity_id in (
                        'payment_costs_are_in_the_pnl', 'lp_balance_rolls_forward'
                    )
            ),

            marks as (
                select max(business_date) as last_date
                from {{ this }}
                where identity_id = 'hedges_are_marked'
            )

        select cast(min(changed.first_date) as varchar)
        from (
            select business_date as first_date
            from {{ pnl_days() }} as days
            union all
            select {{ days_after("executed_on", -1) }}
            from {{ all_versions("lp_fills") }} as fills
            where _is_new
            union all
            select booked_on
            from {{ all_versions("lp_statement_lines") }} as lines
            where _is_new
            union all
            select business_date
            from {{ marked_days() }} as quoted
            union all
            select business_date
            from {{ ref("fct_commission_ledger") }}
            where build_id > {{ last_done_build() }}
            union all
            select coalesce(stated.business_date, checked.business_date)
            from stated
            full outer join
                checked
                on checked.identity_id = stated.identity_id
                and checked.tenant_id = stated.tenant_id
                and checked.server_id = stated.server_id
                and checked.business_date = stated.business_date
            where
                checked.population is distinct from stated.population
                or checked.amount is distinct from stated.amount
            union all
            select {{ days_after("last_date", -5) }}
            from marks
            union all
            select business_date
            from {{ this }}
            where identity_id = 'hedges_are_marked' and broken > 0
        ) as changed
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}
