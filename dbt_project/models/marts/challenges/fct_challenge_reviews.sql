{{ config(materialized="view") }}

with

    phases as (
        select
            challenge_phase_key,
            initial_balance_amount,
            valid_from,
            scaling_months,
            scaling_profit_rate,
            scaling_step_rate,
            scaling_cap_amount,
            main_currency,
            money_divisor
        from {{ ref("int_challenges__phases_ruled") }}
        where scaling_months is not null
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    -- the period between two reviews that a day, and the next one, lie in
    days as (
        select
            held.tenant_id,
            held.server_id,
            held.login,
            held.account_key,
            held.client_key,
            held.challenge_key,
            held.challenge_phase_key,
            held.account_currency,
            held.business_date,
            held.profit_amount,
            held.state,
            {{
                whole_quotient(
                    whole_months_between("phases.valid_from", "held.business_date"),
                    "phases.scaling_months",
                )
            }} as periods_before,
            {{
                whole_quotient(
                    whole_months_between("phases.valid_from", "held.next_date"),
                    "phases.scaling_months",
                )
            }} as periods_over
        from {{ ref("fct_challenge_days") }} as held
        inner join phases on phases.challenge_phase_key = held.challenge_phase_key
    ),

    -- a review is held once its period is over, of who has not failed in it
    periods as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            account_currency,
            periods_before + 1 as review_number,
            min(business_date) as first_date,
            max(business_date) as last_date,
            max_by(profit_amount, business_date) as profit
        from days
        group by
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            account_currency,
            periods_before
        having
            max(periods_over) > periods_before
            and count(case when state = 'failed' then 1 end) = 0
    ),

    compared as (
        select
            periods.tenant_id,
            periods.server_id,
            periods.login,
            periods.account_key,
            periods.client_key,
            periods.challenge_key,
            periods.challenge_phase_key,
            periods.account_currency,
            periods.review_number,
            periods.first_date,
            periods.last_date,
            phases.initial_balance_amount,
            phases.scaling_step_rate,
            phases.scaling_cap_amount,
            phases.main_currency,
            phases.money_divisor,
            periods.profit - lag(periods.profit, 1, 0) over (
                partition by periods.challenge_phase_key order by periods.review_number
            ) as profit,
            cast(
                phases.initial_balance_amount
                * phases.scaling_profit_rate as decimal(38, 8)
            ) as required_profit
        from periods
        inner join phases on phases.challenge_phase_key = periods.challenge_phase_key
    ),

    raised as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            account_currency,
            review_number,
            first_date,
            last_date,
            main_currency,
            money_divisor,
            initial_balance_amount,
            scaling_cap_amount,
            profit,
            required_profit,
            profit >= required_profit as is_passed,
            initial_balance_amount
            + initial_balance_amount
            * scaling_step_rate
            * sum(case when profit >= required_profit then 1 else 0 end) over (
                partition by challenge_phase_key order by review_number
            ) as raised_balance
        from compared
    ),

    capped as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            account_currency,
            review_number,
            first_date,
            last_date,
            main_currency,
            money_divisor,
            profit,
            required_profit,
            is_passed,
            cast(
                case
                    when raised_balance > scaling_cap_amount
                    then greatest(scaling_cap_amount, initial_balance_amount)
                    else raised_balance
                end as decimal(38, 8)
            ) as allocated_balance
        from raised
    )

select
    capped.tenant_id,
    capped.server_id,
    capped.login,
    capped.account_key,
    capped.client_key,
    capped.challenge_key,
    capped.challenge_phase_key,
    cast(capped.review_number as integer) as review_number,
    capped.first_date,
    capped.last_date,
    capped.account_currency,
    cast(capped.profit as decimal(38, 8)) as profit_amount,
    capped.required_profit as required_profit_amount,
    capped.is_passed,
    capped.allocated_balance as allocated_balance_amount,
    {{ to_reporting("capped.allocated_balance", "fx", "capped.money_divisor") }}
    as allocated_balance_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from capped
left join
    fx on fx.business_date = capped.last_date and fx.currency = capped.main_currency
