{{ config(materialized="view") }}

{%- set entry = [
    "tenant_id",
    "bank_source_id",
    "bank_account_id",
    "currency",
    "statement_id",
    "entry_id",
] -%}
{%- set own_references = ["bank_reference", "customer_reference"] -%}
{%- set part_references = [
    "end_to_end_id",
    "instruction_id",
    "transaction_id",
    "creditor_reference",
] -%}

with

    entries as (
        select
            {{ entry | join(", ") }},
            booking_date,
            amount,
            transaction_code,
            bank_reference,
            customer_reference
        from {{ ref("stg_bank__entries") }}
        where is_booked and booking_date is not null
    ),

    details as (
        select
            {{ entry | join(", ") }},
            {{ part_references | join(", ") }},
            payment_reference
        from {{ ref("stg_bank__entry_details") }}
    ),

    -- references of the line, and of what is in it
    carried as (
        {%- for column in own_references %}
            select {{ entry | join(", ") }}, {{ column }} as reference
            from entries
            union
        {%- endfor %}
        {%- for column in part_references %}
            select {{ entry | join(", ") }}, {{ column }} as reference
            from details {{ "union" if not loop.last }}
        {%- endfor %}
    ),

    counterparts as (
        select tenant_id, reference, entry_kind, load_id
        from {{ bank_counterparts() }} as told
    ),

    referred as (
        select
            {%- for column in entry %} carried.{{ column }}, {%- endfor %}
            -- a payout comes before a transfer
            max(counterparts.entry_kind) as entry_kind,
            max(counterparts.load_id) as load_id
        from carried
        inner join
            counterparts
            on counterparts.tenant_id = carried.tenant_id
            and counterparts.reference = carried.reference
        group by 1, 2, 3, 4, 5, 6
    ),

    codes as (select code_pattern, entry_kind from {{ ref("ref_bank_entry_codes") }}),

    coded as (
        select
            {%- for column in entry %} entries.{{ column }}, {%- endfor %}
            min(codes.entry_kind) as entry_kind
        from entries
        inner join
            codes
            on {{ matches_pattern("entries.transaction_code", "codes.code_pattern") }}
        group by 1, 2, 3, 4, 5, 6
    ),

    -- the broker's own reference of a request is in it
    requested as (
        select distinct {{ entry | join(", ") }}
        from details
        where payment_reference <> ''
    ),

    placed as (
        select
            {%- for column in entry %} entries.{{ column }}, {%- endfor %}
            entries.booking_date,
            entries.amount,
            referred.load_id,
            case
                when referred.entry_kind is not null
                then referred.entry_kind
                when coded.entry_kind is not null
                then coded.entry_kind
                when requested.tenant_id is not null
                then 'bank_wire'
                else 'bank_unplaced'
            end as entry_kind
        from entries
        {%- for part in ["referred", "coded", "requested"] %}
            left join
                {{ part }} on {{ part }}.tenant_id = entries.tenant_id
                {%- for column in entry if column != "tenant_id" %}
                    and {{ part }}.{{ column }} = entries.{{ column }}
                {%- endfor %}
        {%- endfor %}
    ),

    statements as (
        select
            tenant_id,
            bank_source_id,
            bank_account_id,
            currency,
            statement_id,
            coalesce(opening_date, from_date, closing_date) as first_date,
            closing_date,
            opening_balance_amount
        from {{ ref("stg_bank__statements") }}
    ),

    -- what an account held before its first statement
    openings as (
        select
            tenant_id,
            bank_source_id,
            bank_account_id,
            currency,
            min(first_date) as business_date,
            min_by(
                opening_balance_amount,
                cast(first_date as varchar)
                || cast(closing_date as varchar)
                || statement_id
            ) as amount
        from statements
        where first_date is not null and opening_balance_amount is not null
        group by 1, 2, 3, 4
    )

select
    placed.tenant_id,
    placed.bank_source_id as server_id,
    placed.booking_date as business_date,
    placed.tenant_id
    || '/'
    || placed.bank_source_id
    || '/'
    || placed.bank_account_id as account_key,
    placed.statement_id || '/' || placed.entry_id as source_id,
    placed.entry_kind,
    placed.currency,
    -- a charge takes from the bank what it adds to the expense
    cast(
        case
            when placed.entry_kind in ('bank_charge', 'bank_interest') then -1 else 1
        end
        * placed.amount as decimal(38, 8)
    ) as amount,
    coalesce(statements.closing_date, placed.booking_date) as statement_date,
    placed.load_id as counterpart_load_id
from placed
left join
    statements
    on statements.tenant_id = placed.tenant_id
    and statements.bank_source_id = placed.bank_source_id
    and statements.bank_account_id = placed.bank_account_id
    and statements.currency = placed.currency
    and statements.statement_id = placed.statement_id
where placed.amount <> 0
union all
select
    tenant_id,
    bank_source_id,
    business_date,
    tenant_id || '/' || bank_source_id || '/' || bank_account_id,
    'opening',
    'bank_opening',
    currency,
    cast(amount as decimal(38, 8)),
    date '1900-01-01',
    null
from openings
where amount <> 0
