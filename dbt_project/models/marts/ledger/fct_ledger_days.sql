{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(journal_days()) }}",
    )
}}
{%- set kept = ["tenant_id", "server_id", "business_date", "legal_entity", "book"] -%}

with

    -- added up before each becomes postings; by sign, so that debits and credits stay
    -- apart
    entries as (
        select
            {%- for column in kept %} entries.{{ column }}, {%- endfor %}
            entries.credited_account,
            entries.debited_account,
            entries.is_converted,
            entries.currency,
            entries.reporting_currency,
            sign(entries.amount) as direction,
            sign(entries.amount_reporting) as direction_reporting,
            count(*) as entry_count,
            count(*) filter (where entries.amount_reporting is null) as unrated_count,
            sum(entries.amount) as amount,
            sum(entries.amount_reporting) as amount_reporting
        from {{ ref("fct_journal_entries") }} as entries
        {% if is_incremental() %}
            inner join
                {{ journal_days() }} as days
                on days.tenant_id = entries.tenant_id
                and days.server_id = entries.server_id
                and days.business_date = entries.business_date
        {% endif %}
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    ),

    postings as (
        {{ journal_postings("entries", kept + ["entry_count", "unrated_count"]) }}
    )

select
    tenant_id,
    server_id,
    business_date,
    legal_entity,
    book,
    ledger_account,
    currency,
    position_currency,
    cast(
        coalesce(sum(case when amount > 0 then amount end), 0) as decimal(38, 8)
    ) as debit_amount,
    cast(
        coalesce(sum(case when amount < 0 then - amount end), 0) as decimal(38, 8)
    ) as credit_amount,
    cast(coalesce(sum(amount_reporting), 0) as decimal(38, 8)) as amount_reporting,
    max(reporting_currency) as reporting_currency,
    cast(sum(entry_count) as bigint) as posting_count,
    cast(sum(unrated_count) as bigint) as unrated_count
from postings
group by 1, 2, 3, 4, 5, 6, 7, 8
order by business_date, server_id, ledger_account
