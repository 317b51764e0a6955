{{ config(materialized="view") }}

{%- set kept = [
    "tenant_id",
    "server_id",
    "business_date",
    "entry_key",
    "entry_kind",
    "account_key",
    "client_key",
    "partner_key",
    "legal_entity",
    "book",
    "symbol",
    "source_table",
    "source_key",
] -%}

with

    entries as (
        select
            entries.tenant_id,
            entries.server_id,
            entries.business_date,
            {{ journal_entry_key("entries") }} as entry_key,
            entries.entry_kind,
            entries.account_key,
            entries.client_key,
            entries.partner_key,
            entries.legal_entity,
            entries.book,
            entries.symbol,
            entries.credited_account,
            entries.debited_account,
            entries.is_converted,
            entries.currency,
            entries.amount,
            entries.amount_reporting,
            entries.reporting_currency,
            entries.source_table,
            case
                when entries.source_id <> ''
                then
                    entries.tenant_id
                    || '/'
                    || entries.server_id
                    || '/'
                    || entries.source_id
                else
                    coalesce(entries.account_key, '')
                    || '/'
                    || cast(entries.business_date as varchar)
                    || '/'
                    || entries.symbol
            end as source_key
        from {{ ref("fct_journal_entries") }} as entries
    ),

    revaluations as (
        select
            tenant_id,
            legal_entity,
            business_date,
            currency,
            reporting_currency,
            revaluation_amount
        from {{ ref("rpt_ledger__fx_revaluations") }}
        where revaluation_amount <> 0
    ),

    -- a revaluation has no foreign leg: only the counter-value of the position moves
    revaluation_entries as (
        select
            tenant_id,
            '' as server_id,
            business_date,
            tenant_id
            || '|'
            || cast(business_date as varchar)
            || '|fx_revaluation|'
            || legal_entity
            || '|'
            || currency as entry_key,
            'fx_revaluation' as entry_kind,
            cast(null as varchar) as account_key,
            cast(null as varchar) as client_key,
            cast(null as varchar) as partner_key,
            legal_entity,
            '' as book,
            '' as symbol,
            'finance.rpt_ledger__fx_revaluations' as source_table,
            tenant_id
            || '/'
            || legal_entity
            || '/'
            || currency
            || '/'
            || cast(business_date as varchar) as source_key,
            currency,
            reporting_currency,
            revaluation_amount
        from revaluations
    ),

    -- a year that is over hands its results to retained earnings
    year_closes as (
        select
            tenant_id,
            '' as server_id,
            business_date,
            tenant_id
            || '|'
            || cast(business_date as varchar)
            || '|year_close|'
            || legal_entity
            || '|'
            || book
            || '|'
            || ledger_account as entry_key,
            'year_close' as entry_kind,
            cast(null as varchar) as account_key,
            cast(null as varchar) as client_key,
            cast(null as varchar) as partner_key,
            legal_entity,
            book,
            '' as symbol,
            'finance.rpt_ledger__year_closes' as source_table,
            tenant_id
            || '/'
            || legal_entity
            || '/'
            || book
            || '/'
            || ledger_account
            || '/'
            || cast(year_end as varchar) as source_key,
            ledger_account,
            closed_amount,
            reporting_currency
        from {{ ref("rpt_ledger__year_closes") }}
    ),

    postings as (
        {{ journal_postings("entries", kept) }}
        union all
        select
            {%- for column in kept %} entries.{{ column }}, {%- endfor %}
            1,
            'fx_revaluation',
            entries.reporting_currency as currency,
            '',
            - entries.revaluation_amount,
            - entries.revaluation_amount,
            entries.reporting_currency
        from revaluation_entries as entries
        union all
        select
            {%- for column in kept %} entries.{{ column }}, {%- endfor %}
            2,
            'fx_position_value',
            entries.reporting_currency as currency,
            entries.currency as position_currency,
            entries.revaluation_amount as amount,
            entries.revaluation_amount as amount_reporting,
            entries.reporting_currency
        from revaluation_entries as entries
        {%- for number, emptied, sign in [
                (1, "entries.ledger_account", "- "),
                (2, "'retained_earnings'", ""),
            ] %}
            union all
            select
                {%- for column in kept %} entries.{{ column }}, {%- endfor %}
                {{ number }},
                {{ emptied }},
                entries.reporting_currency as currency,
                '',
                {{ sign }}entries.closed_amount as amount,
                {{ sign }}entries.closed_amount as amount_reporting,
                entries.reporting_currency
            from year_closes as entries
        {%- endfor %}
    )

select
    tenant_id,
    server_id,
    business_date,
    entry_key,
    entry_kind,
    posting_number,
    ledger_account,
    account_key,
    client_key,
    partner_key,
    legal_entity,
    book,
    symbol,
    currency,
    position_currency,
    cast(amount as decimal(38, 8)) as amount,
    cast(amount_reporting as decimal(38, 8)) as amount_reporting,
    reporting_currency,
    source_table,
    source_key
from postings
