with

    rates as (
        select business_date, currency, rate_per_eur from {{ ref("can_fx_rates") }}
    ),

    reporting as (
        select business_date, currency, rate_per_eur
        from rates
        where currency = '{{ var("reporting_currency") }}'
    )

select
    rates.business_date,
    rates.currency,
    reporting.currency as reporting_currency,
    {{ ratio("reporting.rate_per_eur", "rates.rate_per_eur", 12) }} as rate
from rates
inner join reporting on reporting.business_date = rates.business_date
