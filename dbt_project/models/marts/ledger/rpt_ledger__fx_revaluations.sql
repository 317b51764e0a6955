{{ config(materialized="view") }}

{%- set position = "tenant_id, legal_entity, currency" -%}

with

    -- the open position is the mirror of the FX position: a credit there is money the
    -- broker
    -- has, or is owed, in the currency
    moved as (
        select
            tenant_id,
            legal_entity,
            position_currency as currency,
            business_date,
            max(reporting_currency) as reporting_currency,
            sum(
                case
                    when ledger_account = 'fx_position'
                    then credit_amount - debit_amount
                    else 0
                end
            ) as position_change,
            sum(
                case
                    when ledger_account = 'fx_position_value'
                    then debit_amount - credit_amount
                    else 0
                end
            ) as value_change
        from {{ ref("fct_ledger_days") }}
        where position_currency <> ''
        group by 1, 2, 3, 4
    ),

    spans as (
        select
            moved.tenant_id,
            moved.legal_entity,
            moved.currency,
            min(moved.business_date) as first_date,
            max(moved.reporting_currency) as reporting_currency
        from moved
        group by 1, 2, 3
    ),

    last_days as (
        select tenant_id, max(business_date) as last_date
        from {{ ref("fct_ledger_days") }}
        group by tenant_id
    ),

    rates as (
        select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}
    ),

    days as (select distinct business_date from rates),

    -- every day that has rates, from a position's first day to the last day of the
    -- books,
    -- that day included
    position_days as (
        select spans.tenant_id, spans.legal_entity, spans.currency, days.business_date
        from spans
        inner join last_days on last_days.tenant_id = spans.tenant_id
        inner join
            days
            on days.business_date >= spans.first_date
            and days.business_date <= last_days.last_date
        union
        select tenant_id, legal_entity, currency, business_date
        from moved
    ),

    balances as (
        select
            position_days.tenant_id,
            position_days.legal_entity,
            position_days.currency,
            position_days.business_date,
            sum(coalesce(moved.position_change, 0)) over position_window
            as position_amount,
            sum(coalesce(moved.value_change, 0)) over position_window as booked_value
        from position_days
        left join
            moved
            on moved.tenant_id = position_days.tenant_id
            and moved.legal_entity = position_days.legal_entity
            and moved.currency = position_days.currency
            and moved.business_date = position_days.business_date
        window
            position_window as (
                partition by
                    position_days.tenant_id,
                    position_days.legal_entity,
                    position_days.currency
                order by position_days.business_date
                rows between unbounded preceding and current row
            )
    ),

    -- a day without a rate is not revalued; the next one that has a rate catches up
    valued as (
        select
            balances.tenant_id,
            balances.legal_entity,
            balances.currency,
            balances.business_date,
            balances.position_amount,
            balances.booked_value,
            rates.rate,
            case
                -- nothing is worth nothing at any rate: no value may stay behind
                when balances.position_amount = 0
                then - balances.booked_value
                else
                    cast(balances.position_amount * rates.rate as decimal(38, 8))
                    - balances.booked_value
            end as result_to_date
        from balances
        left join
            rates
            on rates.business_date = balances.business_date
            and rates.currency = balances.currency
    ),

    followed as (
        select
            {{ position }},
            business_date,
            position_amount,
            booked_value,
            rate,
            result_to_date,
            coalesce(
                {{
                    last_known(
                        "result_to_date", position, "business_date", "1 preceding"
                    )
                }},
                0
            ) as result_before
        from valued
    )

select
    followed.tenant_id,
    followed.legal_entity,
    followed.currency,
    followed.business_date,
    spans.reporting_currency,
    cast(followed.position_amount as decimal(38, 8)) as position_amount,
    followed.rate,
    cast(
        followed.booked_value + followed.result_before as decimal(38, 8)
    ) as value_before,
    cast(
        followed.booked_value
        + coalesce(followed.result_to_date, followed.result_before) as decimal(38, 8)
    ) as value_after,
    cast(
        followed.result_to_date - followed.result_before as decimal(38, 8)
    ) as revaluation_amount,
    cast(followed.result_to_date as decimal(38, 8)) as result_to_date_amount
from followed
left join
    spans
    on spans.tenant_id = followed.tenant_id
    and spans.legal_entity = followed.legal_entity
    and spans.currency = followed.currency
