{{ config(materialized="view") }}

{%- set account = "tenant_id, legal_entity, book, ledger_account, currency, position_currency" -%}

with

    movements as (
        select
            {{ account }},
            business_date,
            debit_amount,
            credit_amount,
            amount_reporting,
            reporting_currency
        from {{ ref("fct_ledger_days") }}
        union all
        select
            tenant_id,
            legal_entity,
            '',
            'fx_revaluation',
            reporting_currency as currency,
            '',
            business_date,
            greatest(- revaluation_amount, 0),
            greatest(revaluation_amount, 0),
            - revaluation_amount,
            reporting_currency
        from {{ ref("rpt_ledger__fx_revaluations") }}
        where revaluation_amount <> 0
        union all
        select
            tenant_id,
            legal_entity,
            '',
            'fx_position_value',
            reporting_currency as currency,
            currency as position_currency,
            business_date,
            greatest(revaluation_amount, 0),
            greatest(- revaluation_amount, 0),
            revaluation_amount,
            reporting_currency
        from {{ ref("rpt_ledger__fx_revaluations") }}
        where revaluation_amount <> 0
        {%- for emptied, sign in [
                ("ledger_account", "- "),
                ("'retained_earnings'", ""),
            ] %}
            union all
            select
                tenant_id,
                legal_entity,
                book,
                {{ emptied }},
                reporting_currency as currency,
                '',
                business_date,
                greatest({{ sign }}closed_amount, 0),
                greatest(- ({{ sign }}closed_amount), 0),
                {{ sign }}closed_amount,
                reporting_currency
            from {{ ref("rpt_ledger__year_closes") }}
        {%- endfor %}
    ),

    days as (
        select
            {{ account }},
            business_date,
            sum(debit_amount) as debit_amount,
            sum(credit_amount) as credit_amount,
            sum(amount_reporting) as amount_reporting,
            max(reporting_currency) as reporting_currency
        from movements
        group by {{ account }}, business_date
    ),

    rolled as (
        select
            {{ account }},
            business_date,
            debit_amount,
            credit_amount,
            amount_reporting,
            reporting_currency,
            sum(debit_amount - credit_amount) over account_window as closing_amount,
            sum(amount_reporting) over account_window as closing_reporting
        from days
        window
            account_window as (
                partition by {{ account }}
                order by business_date
                rows between unbounded preceding and current row
            )
    ),

    accounts as (
        select ledger_account, account_code, account_name, account_type
        from {{ ref("ref_ledger_accounts") }}
    )

select
    rolled.tenant_id,
    rolled.legal_entity,
    rolled.book,
    accounts.account_code,
    rolled.ledger_account,
    accounts.account_name,
    accounts.account_type,
    rolled.currency,
    rolled.position_currency,
    rolled.business_date,
    cast(
        rolled.closing_amount
        - rolled.debit_amount
        + rolled.credit_amount as decimal(38, 8)
    ) as opening_amount,
    cast(rolled.debit_amount as decimal(38, 8)) as debit_amount,
    cast(rolled.credit_amount as decimal(38, 8)) as credit_amount,
    cast(rolled.closing_amount as decimal(38, 8)) as closing_amount,
    cast(rolled.amount_reporting as decimal(38, 8)) as amount_reporting,
    cast(rolled.closing_reporting as decimal(38, 8)) as closing_reporting,
    rolled.reporting_currency
from rolled
left join accounts on accounts.ledger_account = rolled.ledger_account
