with

    published as (
        select
            currency,
            rate_date,
            max_by(cast(rate_per_eur as decimal(24, 12)), load_id) as rate_per_eur,
            max(load_id) as load_id
        from {{ ref("stg_ecb__rates") }}
        group by currency, rate_date
    ),

    -- business days of servers, and days of what providers and banks state
    span as (
        select min(told.day) as first_day, max(told.day) as last_day
        from
            (
                select business_date as day
                from {{ source("meta", "touched_days") }}
                where load_id <= {{ load_watermark() }}
                union all
                select booking_date
                from {{ ref("stg_bank__entries") }}
                union all
                select coalesce(opening_date, from_date, closing_date)
                from {{ ref("stg_bank__statements") }}
                union all
                select booked_date
                from {{ ref("stg_lp__statement_lines") }}
                union all
                select balance_date
                from {{ ref("stg_lp__balances") }}
                union all
                select cast(event_at_utc as date)
                from {{ ref("stg_psp__transactions") }}
            ) as told
    ),

    days as (
        select days.day as business_date
        from
            {{
                days_from_to(
                    "(select first_day from span)", "(select last_day from span)"
                )
            }} as days
    ),

    -- rates of the days before the first business day matter as far back as a rate
    -- may be old
    currency_days as (
        select currencies.currency, days.business_date
        from days
        cross join (select distinct currency from published) as currencies
        union
        select published.currency, published.rate_date
        from published
        cross join span
        where
            published.rate_date
            between {{ days_after("span.first_day", "-" ~ var("fx_max_age_days")) }}
            and span.last_day
    ),

    carried as (
        select
            currency_days.currency,
            currency_days.business_date,
            max(published.rate_date) over (
                partition by currency_days.currency
                order by currency_days.business_date
                rows between unbounded preceding and current row
            ) as rate_date
        from currency_days
        left join
            published
            on published.currency = currency_days.currency
            and published.rate_date = currency_days.business_date
    ),

    rates as (
        select
            carried.business_date,
            carried.currency,
            published.rate_per_eur,
            carried.rate_date,
            published.load_id
        from carried
        inner join
            published
            on published.currency = carried.currency
            and published.rate_date = carried.rate_date
        union all
        select
            carried.business_date,
            'EUR',
            cast(1 as decimal(24, 12)),
            max(carried.rate_date),
            max(published.load_id)
        from carried
        inner join
            published
            on published.currency = carried.currency
            and published.rate_date = carried.rate_date
        where carried.currency <> 'EUR'
        group by carried.business_date
    )

select
    business_date,
    currency,
    rate_per_eur,
    rate_date,
    {{ days_between("rate_date", "business_date") }} as age_days,
    'ecb' as rate_set,
    load_id
from rates
where {{ days_between("rate_date", "business_date") }} <= {{ var("fx_max_age_days") }}
