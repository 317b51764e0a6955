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
            tenant_id,
            server_id,
            account_key,
            business_date,
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
            tenant_id,
            server_id,
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
    dates as (
        select tenant_id, server_id, business_date, cast(null as date) as close_date
        from account_days
        union
        select tenant_id, server_id, business_date, null
        from deals
        union
        select tenant_id, server_id, business_date, business_date as close_date
        from closes
    ),

    closed as (
        select
            tenant_id,
            server_id,
            business_date,
            min(close_date) over (
                partition by tenant_id, server_id
                order by business_date
                range between current row and unbounded following
            ) as close_date
        from dates
    ),

    closing as (
        select distinct tenant_id, server_id, business_date, close_date
        from closed
        where close_date is not null
    ),

    results as (
        select
            days.challenge_phase_key,
            days.business_date,
            sum(account_days.result_amount) as result_amount
        from account_days
        inner join
            closing
            on closing.tenant_id = account_days.tenant_id
            and closing.server_id = account_days.server_id
            and closing.business_date = account_days.business_date
        inner join
            days
            on days.account_key = account_days.account_key
            and days.business_date = closing.close_date
            and days.valid_from <= account_days.business_date
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
        from deals
        inner join
            closing
            on closing.tenant_id = deals.tenant_id
            and closing.server_id = deals.server_id
            and closing.business_date = deals.business_date
        inner join
            days
            on days.account_key = deals.account_key
            and days.business_date = closing.close_date
            and days.valid_from <= deals.business_date
    ),

    lows as (
        select
            challenge_phase_key,
            business_date,
            min(running_amount) as lowest_running_amount,
            max(case when is_opening then 1 else 0 end) as opening_days
        from running
        group by challenge_phase_key, business_date
    ),

    -- what floated at each close: as at the last row of the account up to it
    floats as (
        select account_key, business_date, floating_amount
        from account_days
        union all
        select asked.account_key, asked.business_date, null
        from
            (
                select account_key, business_date
                from days
                union
                select account_key, previous_close_date
                from days
                where previous_close_date is not null
            ) as asked
        left join
            account_days as told
            on told.account_key = asked.account_key
            and told.business_date = asked.business_date
        where told.account_key is null
    ),

    floating as (
        select
            account_key,
            business_date,
            {{ last_known("floating_amount", "account_key", "business_date") }}
            as floating_amount
        from floats
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
    floating as held
    on held.account_key = days.account_key
    and held.business_date = days.business_date
left join
    floating as before
    on before.account_key = days.account_key
    and before.business_date = days.previous_close_date
