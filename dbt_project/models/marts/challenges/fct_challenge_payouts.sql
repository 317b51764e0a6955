{{ config(materialized="view") }}

with

    phases as (
        select
            challenge_phase_key,
            valid_to,
            profit_split_rate,
            main_currency,
            money_divisor
        from {{ ref("int_challenges__phases_ruled") }}
        where profit_split_rate is not null
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    currencies as (select currency, minor_units from {{ ref("ref_currencies") }}),

    months as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            cast(date_trunc('month', business_date) as date) as payout_month,
            min(business_date) as first_date,
            max(business_date) as last_date,
            max(next_date) as next_date,
            max(paid_out_amount) as paid_out,
            max_by(profit_amount, business_date) as profit,
            max_by(state, business_date) as state
        from {{ ref("fct_challenge_days") }}
        group by
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            challenge_key,
            challenge_phase_key,
            date_trunc('month', business_date)
    ),

    -- a month ends with it, or with the phase; who failed in it gets nothing of it
    priced as (
        select
            months.tenant_id,
            months.server_id,
            months.login,
            months.account_key,
            months.client_key,
            months.challenge_key,
            months.challenge_phase_key,
            months.payout_month,
            months.first_date,
            months.last_date,
            phases.main_currency,
            phases.profit_split_rate,
            coalesce(currencies.minor_units, 2) as minor_units,
            case
                when months.state = 'failed'
                then 'forfeited'
                when
                    months.next_date >= phases.valid_to
                    or date_trunc('month', months.next_date) > months.payout_month
                then 'due'
                else 'running'
            end as state,
            {{ to_main_currency("months.paid_out", "phases.money_divisor") }}
            as paid_out_amount,
            {{
                to_main_currency(
                    "greatest(months.profit - months.paid_out, 0)",
                    "phases.money_divisor",
                )
            }} as profit_amount
        from months
        inner join phases on phases.challenge_phase_key = months.challenge_phase_key
        left join currencies on currencies.currency = phases.main_currency
    ),

    due as (
        select
            priced.tenant_id,
            priced.server_id,
            priced.login,
            priced.account_key,
            priced.client_key,
            priced.challenge_key,
            priced.challenge_phase_key,
            priced.payout_month,
            priced.first_date,
            priced.last_date,
            priced.main_currency,
            priced.profit_split_rate,
            priced.state,
            priced.paid_out_amount,
            priced.profit_amount,
            {{
                rounded_decimal(
                    "case when priced.state = 'due' then priced.profit_amount else 0 end",
                    "priced.minor_units",
                    24,
                )
            }}
            as payable_amount,
            {{
                rounded_decimal(
                    "case when priced.state = 'due' then "
                    ~ "priced.profit_amount * priced.profit_split_rate else 0 end",
                    "priced.minor_units",
                    24,
                )
            }} as trader_amount
        from priced
    )

select
    due.tenant_id,
    due.server_id,
    due.login,
    due.account_key,
    due.client_key,
    due.challenge_key,
    due.challenge_phase_key,
    due.payout_month,
    due.first_date,
    due.last_date,
    due.state,
    due.main_currency as payout_currency,
    due.paid_out_amount,
    due.profit_amount,
    due.profit_split_rate,
    due.payable_amount,
    due.trader_amount,
    cast(due.payable_amount - due.trader_amount as decimal(24, 8)) as house_amount,
    {{ to_reporting("due.payable_amount", "fx", "1") }} as payable_reporting,
    {{ to_reporting("due.trader_amount", "fx", "1") }} as trader_reporting,
    cast(
        {{ to_reporting("due.payable_amount", "fx", "1") }}
        - {{ to_reporting("due.trader_amount", "fx", "1") }} as decimal(38, 8)
    ) as house_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from due
left join fx on fx.business_date = due.last_date and fx.currency = due.main_currency
