{{ config(materialized="view") }}

with

    phases as (
        select
            tenant_id, server_id, account_key, challenge_phase_key, valid_from, valid_to
        from {{ ref("int_challenges__phases_ruled") }}
        where is_ruled
    ),

    closes as (
        select
            tenant_id,
            server_id,
            business_date,
            previous_close_date,
            coalesce(
                lead(business_date) over (
                    partition by tenant_id, server_id order by business_date
                ),
                {{ next_weekday("business_date") }}
            ) as next_date
        from {{ ref("int_server_closes") }}
    ),

    days as (
        select
            phases.challenge_phase_key,
            phases.account_key,
            phases.valid_from,
            closes.business_date,
            closes.previous_close_date,
            closes.next_date
        from phases
        inner join
            closes
            on closes.tenant_id = phases.tenant_id
            and closes.server_id = phases.server_id
            and {{ effective("phases", "closes.business_date") }}
    ),

    -- between two rows of an account everything stayed as it was
    account_days as (
        select
            account_key,
            business_date,
            lead(business_date) over (
                partition by account_key order by business_date
            ) as until_date,
            closing_balance_amount - opening_balance_amount
            {%- for line in challenge_cash_lines() %}
                - {{ line }}_amount
            {%- endfor %} as result_amount,
            floating_pnl_amount + floating_swap_amount as floating_amount
        from {{ ref("fct_account_days") }}
        where account_key in (select phases.account_key from phases)
    ),

    deals as (
        select
            account_key,
            business_date,
            executed_at_utc,
            deal_id,
            deal_key,
            is_turnover and entry in ('in', 'in_out') as is_opening,
            balance_effect_amount - case
                when component in ({{ challenge_cash_components() }})
                then {{ operation_amount("held") }}
                else 0
            end as result_amount
        from {{ ref("can_deals") }} as held
        where account_key in (select phases.account_key from phases)
    ),

    -- what happens on a day that the server does not close belongs to the next close
    results as (
        select
            days.challenge_phase_key,
            days.business_date,
            sum(account_days.result_amount) as result_amount
        from days
        inner join
            account_days
            on account_days.account_key = days.account_key
            and account_days.business_date <= days.business_date
            and account_days.business_date >= days.valid_from
            and (
                days.previous_close_date is null
                or account_days.business_date > days.previous_close_date
            )
        group by days.challenge_phase_key, days.business_date
    ),

    running as (
        select
            days.challenge_phase_key,
            days.business_date,
            deals.is_opening,
            sum(deals.result_amount) over (
                partition by days.challenge_phase_key, days.business_date
                order by deals.executed_at_utc, deals.deal_id, deals.deal_key
                rows between unbounded preceding and current row
            ) as running_amount
        from days
        inner join
            deals
            on deals.account_key = days.account_key
            and deals.business_date <= days.business_date
            and deals.business_date >= days.valid_from
            and (
                days.previous_close_date is null
                or deals.business_date > days.previous_close_date
            )
    ),

    lows as (
        select
            challenge_phase_key,
            business_date,
            min(running_amount) as lowest_running_amount,
            max(case when is_opening then 1 else 0 end) as opening_days
        from running
        group by challenge_phase_key, business_date
    )

select
    days.challenge_phase_key,
    days.business_date,
    days.next_date,
    cast(coalesce(results.result_amount, 0) as decimal(38, 8)) as result_amount,
    cast(lows.lowest_running_amount as decimal(38, 8)) as lowest_running_amount,
    coalesce(lows.opening_days, 0) = 1 as is_trading_day,
    cast(
        coalesce(before.floating_amount, 0) as decimal(38, 8)
    ) as opening_floating_amount,
    cast(coalesce(held.floating_amount, 0) as decimal(38, 8)) as floating_amount
from days
left join
    results
    on results.challenge_phase_key = days.challenge_phase_key
    and results.business_date = days.business_date
left join
    lows
    on lows.challenge_phase_key = days.challenge_phase_key
    and lows.business_date = days.business_date
left join
    account_days as held
    on held.account_key = days.account_key
    and held.business_date <= days.business_date
    and (held.until_date is null or held.until_date > days.business_date)
left join
    account_days as before
    on before.account_key = days.account_key
    and before.business_date <= days.previous_close_date
    and (before.until_date is null or before.until_date > days.previous_close_date)
