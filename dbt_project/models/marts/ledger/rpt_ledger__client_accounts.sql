{{ config(materialized="view") }}

{%- set account = "tenant_id, server_id, account_key, ledger_account, currency" -%}

with

    -- only what is credited to a client's own accounts: an entry of any kind credits
    -- one of three
    days as (
        select
            tenant_id,
            server_id,
            account_key,
            credited_account as ledger_account,
            currency,
            business_date,
            max(client_key) as client_key,
            max(legal_entity) as legal_entity,
            sum(case when amount < 0 then - amount else 0 end) as debit_amount,
            sum(case when amount > 0 then amount else 0 end) as credit_amount
        from {{ ref("fct_journal_entries") }}
        where
            credited_account in ('client_liability', 'client_credit', 'client_floating')
        group by 1, 2, 3, 4, 5, 6
    ),

    rolled as (
        select
            {{ account }},
            business_date,
            client_key,
            legal_entity,
            debit_amount,
            credit_amount,
            sum(credit_amount - debit_amount) over (
                partition by {{ account }}
                order by business_date
                rows between unbounded preceding and current row
            ) as closing_amount
        from days
    )

select
    rolled.tenant_id,
    rolled.server_id,
    rolled.account_key,
    rolled.client_key,
    rolled.legal_entity,
    rolled.ledger_account,
    rolled.currency,
    rolled.business_date,
    cast(
        rolled.closing_amount
        - rolled.credit_amount
        + rolled.debit_amount as decimal(38, 8)
    ) as opening_amount,
    cast(rolled.debit_amount as decimal(38, 8)) as debit_amount,
    cast(rolled.credit_amount as decimal(38, 8)) as credit_amount,
    cast(rolled.closing_amount as decimal(38, 8)) as closing_amount
from rolled
