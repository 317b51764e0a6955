{{ config(materialized="view", schema="meta") }}

with

    stated as (
        select
            tenant_id,
            server_id,
            tenant_id
            || '/'
            || challenge_id
            || '/'
            || cast(phase as varchar) as challenge_phase_key,
            valid_from
        from {{ ref("stg_crm__challenges") }}
    ),

    phases as (
        select challenge_phase_key, state, decided_date, first_date, last_date
        from {{ ref("fct_challenges") }}
    ),

    days as (
        select
            tenant_id,
            server_id,
            account_key,
            challenge_phase_key,
            business_date,
            initial_balance_amount,
            paid_out_amount,
            opening_balance_amount,
            result_amount,
            closing_balance_amount,
            floating_amount,
            profit_amount,
            state,
            lag(closing_balance_amount) over (
                partition by challenge_phase_key order by business_date
            ) as previous_balance_amount,
            lag(paid_out_amount) over (
                partition by challenge_phase_key order by business_date
            ) as previous_paid_out_amount
        from {{ ref("fct_challenge_days") }}
    ),

    -- days on which it was decided: a phase has one, and it is the last
    decisions as (
        select
            challenge_phase_key,
            count(*) as decision_count,
            min(business_date) as decided_date
        from days
        where state <> 'active'
        group by challenge_phase_key
    ),

    followed as (
        select
            tenant_id,
            server_id,
            business_date,
            opening_balance_amount,
            case
                when previous_balance_amount is null
                then initial_balance_amount
                else
                    previous_balance_amount + previous_paid_out_amount - paid_out_amount
            end as expected_amount
        from days
    ),

    totals as (
        select
            days.tenant_id,
            days.server_id,
            days.account_key,
            days.challenge_phase_key,
            challenges.valid_from,
            max(days.business_date) as last_date,
            sum(days.result_amount) as result_amount,
            max_by(days.floating_amount, days.business_date) as floating_amount
        from days
        inner join
            {{ ref("fct_challenges") }} as challenges
            on challenges.challenge_phase_key = days.challenge_phase_key
        group by
            days.tenant_id,
            days.server_id,
            days.account_key,
            days.challenge_phase_key,
            challenges.valid_from
    ),

    -- by the account's own balances, not by its components
    accounts as (
        select
            totals.challenge_phase_key,
            max_by(held.closing_balance_amount, held.business_date)
            - min_by(held.opening_balance_amount, held.business_date)
            {%- for line in challenge_cash_lines() %}
                - sum(held.{{ line }}_amount)
            {%- endfor %} as result_amount
        from totals
        inner join
            {{ ref("fct_account_days") }} as held
            on held.account_key = totals.account_key
            and held.business_date >= totals.valid_from
            and held.business_date <= totals.last_date
        group by totals.challenge_phase_key
    ),

    floating as (
        select
            totals.challenge_phase_key,
            max_by(
                held.equity_amount
                - held.closing_balance_amount
                - held.closing_credit_amount,
                held.business_date
            ) as floating_amount
        from totals
        inner join
            {{ ref("fct_account_days") }} as held
            on held.account_key = totals.account_key
            and held.business_date <= totals.last_date
        group by totals.challenge_phase_key
    ),

    payouts as (
        select
            due.tenant_id,
            due.server_id,
            due.challenge_phase_key,
            due.last_date,
            due.state,
            due.profit_amount,
            due.profit_split_rate,
            due.payable_amount,
            due.trader_amount,
            due.house_amount,
            {{ minor_unit("coalesce(currencies.minor_units, 2)") }} as minor_unit
        from {{ ref("fct_challenge_payouts") }} as due
        left join
            {{ ref("ref_currencies") }} as currencies
            on currencies.currency = due.payout_currency
    ),

    paid as (
        select
            tenant_id,
            server_id,
            challenge_phase_key,
            max(last_date) as last_date,
            sum(profit_amount) as profit_amount
        from payouts
        where state = 'due'
        group by tenant_id, server_id, challenge_phase_key
    ),

    -- the highest profit at the end of a month that was due
    peaks as (
        select
            days.challenge_phase_key,
            max(
                {{ to_main_currency("days.profit_amount", "accounts.money_divisor") }}
            ) as profit_amount
        from days
        inner join
            payouts
            on payouts.challenge_phase_key = days.challenge_phase_key
            and payouts.last_date = days.business_date
            and payouts.state = 'due'
        inner join
            {{ ref("can_accounts") }} as accounts
            on accounts.account_key = days.account_key
        group by days.challenge_phase_key
    ),

    identities as (
        select
            'challenge_phases_have_one_state' as identity_id,
            'Each phase of a challenge is ruled by a plan, listed once, and decided on one day at most, its last'
            as what
        union all
        select
            'challenge_days_roll_forward' as identity_id,
            'A challenge''s day opens with the balance that the day before closed with, less what was paid out; the first with the initial balance'
            as what
        union all
        select
            'challenge_days_are_accounts' as identity_id,
            'The result of a challenge phase, and what floats at its end, are those of the account over its days'
            as what
        union all
        select
            'challenge_payout_parts' as identity_id,
            'The trader''s and the house''s part of a payout are what is paid; profit and split are paid to the minor unit'
            as what
        union all
        select
            'challenge_profit_is_paid_once' as identity_id,
            'The payouts of a funded account together are the highest profit at the end of a month'
            as what
    ),

    counted as (
        select
            'challenge_phases_have_one_state' as identity_id,
            stated.tenant_id,
            stated.server_id,
            stated.valid_from as business_date,
            count(*) as population,
            sum(
                case
                    when
                        phases.state in ('active', 'ended')
                        and decisions.decision_count is null
                    then 0
                    when
                        phases.state in ('passed', 'failed')
                        and decisions.decision_count = 1
                        and decisions.decided_date = phases.last_date
                    then 0
                    else 1
                end
            ) as broken,
            0 as worst,
            count(*) as sum_left,
            count(phases.state) as sum_right
        from stated
        left join phases on phases.challenge_phase_key = stated.challenge_phase_key
        left join
            decisions on decisions.challenge_phase_key = stated.challenge_phase_key
        group by stated.tenant_id, stated.server_id, stated.valid_from
        union all
        select
            'challenge_days_roll_forward' as identity_id,
            tenant_id,
            server_id,
            business_date,
            count(*),
            sum(case when opening_balance_amount <> expected_amount then 1 else 0 end),
            max(abs(opening_balance_amount - expected_amount)),
            sum(opening_balance_amount),
            sum(expected_amount)
        from followed
        group by tenant_id, server_id, business_date
        union all
        select
            'challenge_days_are_accounts' as identity_id,
            totals.tenant_id,
            totals.server_id,
            totals.last_date,
            count(*),
            sum(
                case
                    when
                        totals.result_amount <> coalesce(accounts.result_amount, 0)
                        or totals.floating_amount
                        <> coalesce(floating.floating_amount, 0)
                    then 1
                    else 0
                end
            ),
            max(
                abs(totals.result_amount - coalesce(accounts.result_amount, 0))
                + abs(totals.floating_amount - coalesce(floating.floating_amount, 0))
            ),
            sum(totals.result_amount + totals.floating_amount),
            sum(
                coalesce(accounts.result_amount, 0)
                + coalesce(floating.floating_amount, 0)
            )
        from totals
        left join accounts on accounts.challenge_phase_key = totals.challenge_phase_key
        left join floating on floating.challenge_phase_key = totals.challenge_phase_key
        group by totals.tenant_id, totals.server_id, totals.last_date
        union all
        select
            'challenge_payout_parts' as identity_id,
            tenant_id,
            server_id,
            last_date,
            count(*),
            sum(
                case
                    when trader_amount + house_amount <> payable_amount
                    then 1
                    when state <> 'due' and payable_amount <> 0
                    then 1
                    when
                        state = 'due'
                        and (
                            2 * abs(payable_amount - profit_amount) > minor_unit
                            or 2
                            * abs(trader_amount - profit_amount * profit_split_rate)
                            > minor_unit
                        )
                    then 1
                    else 0
                end
            ),
            max(abs(trader_amount + house_amount - payable_amount)),
            sum(trader_amount + house_amount),
            sum(payable_amount)
        from payouts
        group by tenant_id, server_id, last_date
        union all
        select
            'challenge_profit_is_paid_once' as identity_id,
            paid.tenant_id,
            paid.server_id,
            paid.last_date,
            count(*),
            sum(
                case
                    when paid.profit_amount <> greatest(peaks.profit_amount, 0)
                    then 1
                    else 0
                end
            ),
            max(abs(paid.profit_amount - greatest(peaks.profit_amount, 0))),
            sum(paid.profit_amount),
            sum(greatest(peaks.profit_amount, 0))
        from paid
        inner join peaks on peaks.challenge_phase_key = paid.challenge_phase_key
        group by paid.tenant_id, paid.server_id, paid.last_date
    )

-- an identity that nothing could be checked on is listed too, with a population of
-- zero
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.broken, 0) as bigint) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
from identities
left join counted on counted.identity_id = identities.identity_id
