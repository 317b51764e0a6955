{{ config(materialized="view") }}

with

    challenges as (
        select
            tenant_id,
            challenge_id,
            phase,
            client_id,
            plan_id,
            server_id,
            login,
            initial_balance_amount,
            valid_from,
            valid_to
        from {{ ref("stg_crm__challenges") }}
    ),

    plans as (
        select
            tenant_id,
            plan_id,
            phase,
            valid_from,
            valid_to,
            plan_name,
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
        from {{ ref("stg_crm__challenge_phases") }}
    ),

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            account_currency,
            main_currency,
            money_divisor
        from {{ ref("can_accounts") }}
    )

-- the terms of the first day hold for the whole phase
select
    challenges.tenant_id,
    challenges.server_id,
    challenges.login,
    coalesce(accounts.account_key, {{ account_key("challenges") }}) as account_key,
    challenges.tenant_id || '/' || challenges.challenge_id as challenge_key,
    challenges.tenant_id
    || '/'
    || challenges.challenge_id
    || '/'
    || cast(challenges.phase as varchar) as challenge_phase_key,
    challenges.challenge_id,
    challenges.phase,
    challenges.tenant_id || '/' || challenges.client_id as client_key,
    challenges.plan_id,
    challenges.initial_balance_amount,
    challenges.valid_from,
    challenges.valid_to,
    plans.plan_id is not null and accounts.account_key is not null as is_ruled,
    plans.plan_name,
    plans.profit_target_rate,
    plans.daily_loss_rate,
    plans.daily_loss_basis,
    plans.total_loss_rate,
    plans.total_loss_basis,
    plans.minimum_trading_days,
    plans.maximum_days,
    plans.profit_split_rate,
    plans.scaling_months,
    plans.scaling_profit_rate,
    plans.scaling_step_rate,
    plans.scaling_cap_amount,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    coalesce(accounts.main_currency, 'XXX') as main_currency,
    coalesce(accounts.money_divisor, 1) as money_divisor
from challenges
left join
    plans
    on plans.tenant_id = challenges.tenant_id
    and plans.plan_id = challenges.plan_id
    and plans.phase = challenges.phase
    and {{ effective("plans", "challenges.valid_from") }}
left join
    accounts
    on accounts.tenant_id = challenges.tenant_id
    and accounts.server_id = challenges.server_id
    and accounts.login = challenges.login
