{{ config(materialized="view") }}

with

    movements as (
        select
            days.tenant_id,
            days.legal_entity,
            days.book,
            days.ledger_account,
            days.business_date,
            days.debit_amount - days.credit_amount as amount,
            days.reporting_currency
        from {{ ref("fct_ledger_days") }} as days
        inner join
            {{ ref("ref_ledger_accounts") }} as accounts
            on accounts.ledger_account = days.ledger_account
            and accounts.account_type in ('income', 'expense')
        union all
        select
            tenant_id,
            legal_entity,
            '',
            'fx_revaluation',
            business_date,
            - revaluation_amount,
            reporting_currency
        from {{ ref("rpt_ledger__fx_revaluations") }}
        where revaluation_amount <> 0
    ),

    -- the rule of the legal entity itself comes before that of all
    year_ends as (
        select
            coalesce(legal_entity, '') as legal_entity,
            value as last_month,
            valid_from,
            valid_to
        from {{ ref("rul_ledger") }}
        where rule = 'year_ends_with_month'
    ),

    dated as (
        select
            movements.tenant_id,
            movements.legal_entity,
            movements.book,
            movements.ledger_account,
            movements.business_date,
            movements.amount,
            movements.reporting_currency,
            {{
                fiscal_year_end(
                    "movements.business_date",
                    "coalesce(own.last_month, every.last_month)",
                )
            }} as year_end
        from movements
        left join
            year_ends as own
            on own.legal_entity = movements.legal_entity
            and {{ effective("own", "movements.business_date") }}
        left join
            year_ends as every
            on every.legal_entity = ''
            and {{ effective("every", "movements.business_date") }}
    ),

    last_days as (
        select tenant_id, max(business_date) as last_date
        from {{ ref("fct_ledger_days") }}
        group by tenant_id
    )

-- dated on the first day of the next year, so that every report of the year itself
-- stays as it
-- is; a year is over once the books have a later day
select
    dated.tenant_id,
    dated.legal_entity,
    dated.book,
    dated.ledger_account,
    dated.year_end,
    {{ days_after("dated.year_end", 1) }} as business_date,
    cast(sum(dated.amount) as decimal(38, 8)) as closed_amount,
    max(dated.reporting_currency) as reporting_currency
from dated
inner join
    last_days
    on last_days.tenant_id = dated.tenant_id
    and last_days.last_date > dated.year_end
group by
    dated.tenant_id,
    dated.legal_entity,
    dated.book,
    dated.ledger_account,
    dated.year_end
having sum(dated.amount) <> 0
