with

    phases as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            challenge_key,
            challenge_phase_key,
            client_key,
            challenge_id,
            phase,
            initial_balance_amount,
            valid_from,
            profit_target_rate,
            minimum_trading_days,
            maximum_days,
            account_currency,
            main_currency,
            money_divisor
        from {{ ref("int_challenges__phases_ruled") }}
        where is_ruled
    ),

    days as (
        select
            challenge_phase_key,
            business_date,
            next_date,
            paid_out_amount,
            opening_balance_amount,
            opening_equity_amount,
            daily_basis_amount,
            daily_floor_amount,
            highest_balance_amount,
            total_floor_amount,
            result_amount,
            closing_balance_amount,
            floating_amount,
            equity_amount,
            lowest_amount,
            profit_amount,
            is_trading_day,
            trading_days
        from {{ ref("int_challenges__days_floored") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    -- what decides: a loss first, then the target, then the calendar
    judged as (
        select
            days.challenge_phase_key,
            days.business_date,
            case
                when
                    days.lowest_amount < days.daily_floor_amount
                    and days.daily_floor_amount
                    >= coalesce(days.total_floor_amount, days.daily_floor_amount)
                then 'daily_loss'
                when days.lowest_amount < days.total_floor_amount
                then 'total_loss'
                when days.lowest_amount < days.daily_floor_amount
                then 'daily_loss'
                -- what is open and loses would take the profit away again
                when
                    days.profit_amount + least(days.floating_amount, 0)
                    >= phases.initial_balance_amount * phases.profit_target_rate
                    and days.trading_days >= phases.minimum_trading_days
                then 'target'
                when
                    days.next_date
                    >= {{ days_after("phases.valid_from", "phases.maximum_days") }}
                then 'maximum_days'
            end as decided_by
        from days
        inner join phases on phases.challenge_phase_key = days.challenge_phase_key
    ),

    decided as (
        select
            challenge_phase_key,
            business_date,
            decided_by,
            min(case when decided_by is not null then business_date end) over (
                partition by challenge_phase_key
            ) as decided_date
        from judged
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
    days.business_date,
    days.next_date,
    phases.account_currency,
    phases.initial_balance_amount,
    days.paid_out_amount,
    days.opening_balance_amount,
    days.opening_equity_amount,
    days.daily_basis_amount,
    days.daily_floor_amount,
    days.highest_balance_amount,
    days.total_floor_amount,
    days.result_amount,
    days.closing_balance_amount,
    days.floating_amount,
    days.equity_amount,
    days.lowest_amount,
    cast(
        days.lowest_amount - greatest(
            coalesce(days.daily_floor_amount, days.total_floor_amount),
            coalesce(days.total_floor_amount, days.daily_floor_amount)
        ) as decimal(38, 8)
    ) as headroom_amount,
    days.profit_amount,
    cast(
        phases.initial_balance_amount * phases.profit_target_rate as decimal(38, 8)
    ) as target_amount,
    days.is_trading_day,
    days.trading_days,
    case
        when decided.decided_by is null
        then 'active'
        when decided.decided_by = 'target'
        then 'passed'
        else 'failed'
    end as state,
    case when decided.decided_by <> 'target' then decided.decided_by end as failed_by,
    {{ to_reporting("days.equity_amount", "fx", "phases.money_divisor") }}
    as equity_reporting,
    {{ to_reporting("days.profit_amount", "fx", "phases.money_divisor") }}
    as profit_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from days
inner join
    decided
    on decided.challenge_phase_key = days.challenge_phase_key
    and decided.business_date = days.business_date
inner join phases on phases.challenge_phase_key = days.challenge_phase_key
left join
    fx on fx.business_date = days.business_date and fx.currency = phases.main_currency
where
    -- once it is decided no day counts
    decided.decided_date is null or days.business_date <= decided.decided_date
order by phases.challenge_phase_key, days.business_date
