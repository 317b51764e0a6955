{{ config(materialized="view") }}

{%- set account = "tenant_id, server_id, account_key, ledger_account, currency" -%}

with

    placed as (
        select account_key, source_id, statement_date
        from {{ ref("int_ledger__bank_lines_placed") }}
        union all
        select account_key, source_id, statement_date
        from {{ ref("int_ledger__lp_lines_placed") }}
    ),

    posted as (
        select
            entries.tenant_id,
            entries.server_id,
            entries.account_key,
            entries.currency,
            case
                when entries.debited_account in ('bank_client_money', 'lp_margin')
                then entries.debited_account
                else entries.credited_account
            end as ledger_account,
            placed.statement_date,
            sum(
                case
                    when entries.debited_account in ('bank_client_money', 'lp_margin')
                    then entries.amount
                    else - entries.amount
                end
            ) as amount
        from {{ ref("fct_journal_entries") }} as entries
        inner join
            placed
            on placed.account_key = entries.account_key
            and placed.source_id = entries.source_id
        where
            entries.debited_account in ('bank_client_money', 'lp_margin')
            or entries.credited_account in ('bank_client_money', 'lp_margin')
        group by 1, 2, 3, 4, 5, 6
    ),

    statements as (
        select
            tenant_id,
            server_id,
            tenant_id || '/' || server_id || '/' || external_account_id as account_key,
            ledger_account,
            currency,
            business_date,
            opening_amount,
            closing_amount,
            opening_gap_amount,
            missing_amount
        from {{ ref("int_ledger__statements_followed") }}
    ),

    -- statements, and between them what was posted
    dated as (
        select
            {{ account }},
            business_date,
            true as is_statement,
            cast(0 as decimal(38, 8)) as posted_amount,
            opening_amount,
            closing_amount,
            opening_gap_amount,
            missing_amount
        from statements
        union all
        select {{ account }}, statement_date, false, amount, null, null, null, null
        from posted
    ),

    rolled as (
        select
            {{ account }},
            business_date,
            is_statement,
            sum(posted_amount) over up_to_date as ledger_amount,
            sum(coalesce(opening_gap_amount + missing_amount, 0)) over up_to_date
            as unposted_amount,
            opening_amount,
            closing_amount,
            opening_gap_amount,
            missing_amount
        from dated
        window
            up_to_date as (
                partition by {{ account }}
                order by business_date
                range between unbounded preceding and current row
            )
    )

select
    {{ account }},
    business_date,
    cast(opening_amount as decimal(38, 8)) as opening_amount,
    cast(ledger_amount as decimal(38, 8)) as ledger_amount,
    cast(closing_amount as decimal(38, 8)) as closing_amount,
    cast(ledger_amount - closing_amount as decimal(38, 8)) as difference_amount,
    cast(opening_gap_amount as decimal(38, 8)) as opening_gap_amount,
    cast(missing_amount as decimal(38, 8)) as missing_amount,
    cast(unposted_amount as decimal(38, 8)) as unposted_amount,
    case
        when ledger_amount + unposted_amount <> closing_amount
        then 'unknown'
        when opening_gap_amount <> 0
        then 'missing_statement'
        when missing_amount <> 0
        then 'missing_line'
        when unposted_amount <> 0
        then 'earlier_difference'
    end as break_type
from rolled
where is_statement
