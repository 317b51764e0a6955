{{ config(materialized="view") }}

{%- set account = "tenant_id, server_id, external_account_id, currency" -%}

with

    entries as (
        select
            tenant_id,
            bank_source_id,
            bank_account_id,
            currency,
            statement_id,
            sum(amount) as amount
        from {{ ref("stg_bank__entries") }}
        where is_booked
        group by 1, 2, 3, 4, 5
    ),

    bank_statements as (
        select
            statements.tenant_id,
            statements.bank_source_id as server_id,
            statements.bank_account_id as external_account_id,
            statements.currency,
            statements.closing_date,
            statements.opening_balance_amount as opening_amount,
            statements.closing_balance_amount as closing_amount,
            coalesce(entries.amount, 0) as lines_amount,
            row_number() over (
                partition by
                    statements.tenant_id,
                    statements.bank_source_id,
                    statements.bank_account_id,
                    statements.currency,
                    statements.closing_date
                order by
                    statements.statement_number,
                    statements.page_number,
                    statements.statement_id
            ) as place
        from {{ ref("stg_bank__statements") }} as statements
        left join
            entries
            on entries.tenant_id = statements.tenant_id
            and entries.bank_source_id = statements.bank_source_id
            and entries.bank_account_id = statements.bank_account_id
            and entries.currency = statements.currency
            and entries.statement_id = statements.statement_id
        where
            statements.closing_date is not null
            and statements.closing_balance_amount is not null
    ),

    -- statements of one day are read as one
    days as (
        select
            {{ account }},
            'bank_client_money' as ledger_account,
            closing_date as business_date,
            max(case when place = 1 then opening_amount end) as opening_amount,
            max_by(closing_amount, place) as closing_amount,
            sum(lines_amount) as lines_amount
        from bank_statements
        group by {{ account }}, closing_date
        union all
        select
            tenant_id,
            lp_id,
            lp_account_id,
            currency,
            'lp_margin',
            balance_date,
            opening_balance_amount,
            closing_balance_amount,
            closing_balance_amount
            - coalesce(opening_balance_amount, closing_balance_amount)
            - coalesce(balance_difference_amount, 0)
        from {{ ref("fct_lp_balances") }}
    ),

    followed as (
        select
            {{ account }},
            ledger_account,
            business_date,
            opening_amount,
            closing_amount,
            lines_amount,
            lag(closing_amount) over (
                partition by {{ account }} order by business_date
            ) as previous_amount
        from days
    )

select
    {{ account }},
    ledger_account,
    business_date,
    cast(opening_amount as decimal(38, 8)) as opening_amount,
    cast(closing_amount as decimal(38, 8)) as closing_amount,
    cast(
        coalesce(opening_amount - previous_amount, 0) as decimal(38, 8)
    ) as opening_gap_amount,
    cast(
        coalesce(closing_amount - opening_amount - lines_amount, 0) as decimal(38, 8)
    ) as missing_amount
from followed
