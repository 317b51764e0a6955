{{ config(materialized="view") }}

with

    phases as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            challenge_id,
            phase,
            plan_id,
            plan_name,
            valid_from,
            valid_to,
            is_ruled,
            account_currency,
            main_currency,
            money_divisor,
            initial_balance_amount,
            profit_target_rate,
            daily_loss_rate,
            daily_loss_basis,
            total_loss_rate,
            total_loss_basis,
            minimum_trading_days,
            maximum_days,
            profit_split_rate,
            scaling_months,
            scaling_profit_rate,
            scaling_step_rate,
            scaling_cap_amount
        from {{ ref("int_challenges__phases_ruled") }}
    ),

    days as (
        select
            challenge_phase_key,
            min(business_date) as first_date,
            max(business_date) as last_date,
            max(next_date) as next_date,
            max_by(state, business_date) as state,
            max_by(trading_days, business_date) as trading_days,
            max_by(profit_amount, business_date) as profit_amount,
            max_by(profit_reporting, business_date) as profit_reporting
        from {{ ref("fct_challenge_days") }}
        group by challenge_phase_key
    ),

    breaches as (
        select
            challenge_phase_key,
            business_date,
            failed_by,
            lowest_amount,
            case
                failed_by
                when 'daily_loss'
                then daily_floor_amount
                when 'total_loss'
                then total_floor_amount
            end as floor_amount
        from {{ ref("fct_challenge_days") }}
        where state = 'failed'
    ),

    payouts as (
        select
            challenge_phase_key,
            sum(payable_amount) as payable_amount,
            sum(trader_amount) as trader_amount,
            sum(house_amount) as house_amount
        from {{ ref("fct_challenge_payouts") }}
        group by challenge_phase_key
    ),

    reviews as (
        select
            challenge_phase_key,
            max_by(allocated_balance_amount, review_number) as allocated_balance_amount
        from {{ ref("fct_challenge_reviews") }}
        group by challenge_phase_key
    )

select
    phases.tenant_id,
    phases.server_id,
    phases.login,
    phases.account_key,
    phases.client_key,
    phases.challenge_key,
    phases.challenge_phase_key,
    phases.challenge_id,
    phases.phase,
    phases.plan_id,
    phases.plan_name,
    phases.valid_from,
    phases.valid_to,
    phases.account_currency,
    phases.initial_balance_amount,
    phases.profit_target_rate,
    phases.daily_loss_rate,
    phases.daily_loss_basis,
    phases.total_loss_rate,
    phases.total_loss_basis,
    phases.minimum_trading_days,
    phases.maximum_days,
    phases.profit_split_rate,
    phases.scaling_months,
    phases.scaling_profit_rate,
    phases.scaling_step_rate,
    phases.scaling_cap_amount,
    days.first_date,
    days.last_date,
    case
        when not phases.is_ruled
        then 'unruled'
        when days.state in ('passed', 'failed')
        then days.state
        when days.next_date >= phases.valid_to
        then 'ended'
        else 'active'
    end as state,
    case
        when days.state in ('passed', 'failed') then days.last_date
    end as decided_date,
    breaches.failed_by,
    breaches.floor_amount,
    case
        when breaches.floor_amount is not null then breaches.lowest_amount
    end as lowest_amount,
    coalesce(days.trading_days, 0) as trading_days,
    cast(coalesce(days.profit_amount, 0) as decimal(38, 8)) as profit_amount,
    cast(
        phases.initial_balance_amount * phases.profit_target_rate as decimal(38, 8)
    ) as target_amount,
    phases.main_currency as payout_currency,
    cast(coalesce(payouts.payable_amount, 0) as decimal(38, 8)) as payable_amount,
    cast(coalesce(payouts.trader_amount, 0) as decimal(38, 8)) as trader_amount,
    cast(coalesce(payouts.house_amount, 0) as decimal(38, 8)) as house_amount,
    cast(
        coalesce(
            reviews.allocated_balance_amount, phases.initial_balance_amount
        ) as decimal(38, 8)
    ) as allocated_balance_amount,
    days.profit_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from phases
left join days on days.challenge_phase_key = phases.challenge_phase_key
left join breaches on breaches.challenge_phase_key = phases.challenge_phase_key
left join payouts on payouts.challenge_phase_key = phases.challenge_phase_key
left join reviews on reviews.challenge_phase_key = phases.challenge_phase_key
