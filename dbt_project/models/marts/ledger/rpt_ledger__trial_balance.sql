{{ config(materialized="view") }}

{%- set account = "tenant_id, legal_entity, account_code, ledger_account, account_name, account_type, currency" -%}

with

    -- the first of the month stands for the month
    moved as (
        select
            {{ account }},
            cast(date_trunc('month', business_date) as date) as period,
            sum(debit_amount) as debit_amount,
            sum(credit_amount) as credit_amount,
            sum(amount_reporting) as amount_reporting,
            max(reporting_currency) as reporting_currency
        from {{ ref("rpt_ledger__general_ledger") }}
        group by {{ account }}, period
    ),

    periods as (select distinct tenant_id, period from moved),

    -- an account that did not move in a month still has its balance in it
    accounts as (
        select
            {{ account }},
            min(period) as first_period,
            max(reporting_currency) as reporting_currency
        from moved
        group by {{ account }}
    ),

    grid as (
        select
            {%- for column in account.split(", ") %}
                accounts.{{ column }},
            {%- endfor %}
            accounts.reporting_currency,
            periods.period,
            coalesce(moved.debit_amount, 0) as debit_amount,
            coalesce(moved.credit_amount, 0) as credit_amount,
            coalesce(moved.amount_reporting, 0) as amount_reporting
        from accounts
        inner join
            periods
            on periods.tenant_id = accounts.tenant_id
            and periods.period >= accounts.first_period
        left join
            moved
            on moved.tenant_id = accounts.tenant_id
            and moved.legal_entity = accounts.legal_entity
            and moved.ledger_account = accounts.ledger_account
            and moved.currency = accounts.currency
            and moved.period = periods.period
    ),

    rolled as (
        select
            {{ account }},
            period,
            debit_amount,
            credit_amount,
            reporting_currency,
            sum(debit_amount - credit_amount) over account_window as closing_amount,
            sum(amount_reporting) over account_window as closing_reporting
        from grid
        window
            account_window as (
                partition by {{ account }}
                order by period
                rows between unbounded preceding and current row
            )
    )

select
    {{ account }},
    period,
    cast(
        closing_amount - debit_amount + credit_amount as decimal(38, 8)
    ) as opening_amount,
    cast(debit_amount as decimal(38, 8)) as debit_amount,
    cast(credit_amount as decimal(38, 8)) as credit_amount,
    cast(closing_amount as decimal(38, 8)) as closing_amount,
    cast(closing_reporting as decimal(38, 8)) as closing_reporting,
    reporting_currency
from rolled
