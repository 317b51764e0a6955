{{ config(materialized="view") }}

{%- set day = "partition by measured.challenge_phase_key order by measured.business_date" %}
{%- set before = day ~ " rows between unbounded preceding and 1 preceding" %}

with

    phases as (
        select
            challenge_phase_key,
            initial_balance_amount,
            daily_loss_rate,
            daily_loss_basis,
            total_loss_rate,
            total_loss_basis,
            profit_split_rate
        from {{ ref("int_challenges__phases_ruled") }}
        where is_ruled
    ),

    measured as (
        select
            challenge_phase_key,
            business_date,
            next_date,
            result_amount,
            lowest_running_amount,
            is_trading_day,
            opening_floating_amount,
            floating_amount,
            sum(result_amount) over (
                partition by challenge_phase_key order by business_date
            ) as profit,
            date_trunc('month', next_date)
            > date_trunc('month', business_date) as is_month_end
        from {{ ref("int_challenges__days_measured") }}
    ),

    -- the profit of a month's end leaves a funded account, as far as it is above what
    -- has left before; no floor takes what left for a loss
    profits as (
        select
            measured.challenge_phase_key,
            measured.business_date,
            measured.profit - measured.result_amount as profit_before,
            greatest(
                coalesce(max(measured.profit) over ({{ before }}), 0), 0
            ) as highest_profit,
            greatest(
                coalesce(
                    max(
                        case
                            when
                                measured.is_month_end
                                and phases.profit_split_rate is not null
                            then measured.profit
                        end
                    ) over ({{ before }}),
                    0
                ),
                0
            ) as paid_out
        from measured
        inner join phases on phases.challenge_phase_key = measured.challenge_phase_key
    ),

    balances as (
        select
            phases.challenge_phase_key,
            profits.business_date,
            profits.paid_out,
            phases.initial_balance_amount
            + profits.profit_before
            - profits.paid_out as opening_balance,
            phases.initial_balance_amount
            + profits.highest_profit
            - profits.paid_out as highest_balance
        from profits
        inner join phases on phases.challenge_phase_key = profits.challenge_phase_key
    ),

    opened as (
        select
            measured.challenge_phase_key,
            measured.business_date,
            measured.next_date,
            measured.result_amount,
            measured.is_trading_day,
            measured.floating_amount,
            measured.profit,
            balances.paid_out,
            balances.opening_balance,
            balances.highest_balance,
            balances.opening_balance
            + measured.opening_floating_amount as opening_equity,
            balances.opening_balance + measured.result_amount as closing_balance,
            -- what floats between closes is not known: a gain of the day's start is
            -- taken to be there still
            balances.opening_balance
            + measured.lowest_running_amount
            + greatest(measured.opening_floating_amount, 0) as lowest_running
        from measured
        inner join
            balances
            on balances.challenge_phase_key = measured.challenge_phase_key
            and balances.business_date = measured.business_date
    ),

    based as (
        select
            opened.challenge_phase_key,
            opened.business_date,
            opened.next_date,
            opened.result_amount,
            opened.is_trading_day,
            opened.floating_amount,
            opened.profit,
            opened.paid_out,
            opened.opening_balance,
            opened.opening_equity,
            opened.highest_balance,
            opened.closing_balance,
            least(
                opened.opening_equity,
                opened.closing_balance + opened.floating_amount,
                opened.lowest_running
            ) as lowest,
            case
                phases.daily_loss_basis
                when 'initial_balance'
                then phases.initial_balance_amount
                when 'day_start_balance'
                then opened.opening_balance
                when 'day_start_equity'
                then opened.opening_equity
                when 'day_start_higher'
                then greatest(opened.opening_balance, opened.opening_equity)
            end as daily_basis,
            case
                phases.total_loss_basis
                when 'initial_balance'
                then phases.initial_balance_amount
                when 'highest_balance'
                then opened.highest_balance
                when 'highest_balance_locked'
                -- the floor stops at the initial balance
                then
                    least(
                        opened.highest_balance,
                        phases.initial_balance_amount
                        + phases.initial_balance_amount * phases.total_loss_rate
                    )
            end as total_start
        from opened
        inner join phases on phases.challenge_phase_key = opened.challenge_phase_key
    )

select
    based.challenge_phase_key,
    based.business_date,
    based.next_date,
    cast(based.paid_out as decimal(38, 8)) as paid_out_amount,
    cast(based.opening_balance as decimal(38, 8)) as opening_balance_amount,
    cast(based.opening_equity as decimal(38, 8)) as opening_equity_amount,
    cast(based.daily_basis as decimal(38, 8)) as daily_basis_amount,
    {{
        loss_floor(
            "case phases.daily_loss_basis when 'initial_balance' "
            ~ "then based.opening_balance else based.daily_basis end",
            "based.daily_basis",
            "phases.daily_loss_rate",
        )
    }} as daily_floor_amount,
    cast(based.highest_balance as decimal(38, 8)) as highest_balance_amount,
    {{
        loss_floor(
            "based.total_start",
            "phases.initial_balance_amount",
            "phases.total_loss_rate",
        )
    }} as total_floor_amount,
    based.result_amount,
    cast(based.closing_balance as decimal(38, 8)) as closing_balance_amount,
    based.floating_amount,
    cast(
        based.closing_balance + based.floating_amount as decimal(38, 8)
    ) as equity_amount,
    cast(based.lowest as decimal(38, 8)) as lowest_amount,
    cast(based.profit as decimal(38, 8)) as profit_amount,
    based.is_trading_day,
    cast(
        sum(case when based.is_trading_day then 1 else 0 end) over (
            partition by based.challenge_phase_key order by based.business_date
        ) as integer
    ) as trading_days
from based
inner join phases on phases.challenge_phase_key = based.challenge_phase_key
