{{ config(materialized="view") }}

{%- set event = "tenant_id, server_id, business_date, source_id" -%}

with

    transactions as (
        select
            tenant_id,
            psp_source_id as server_id,
            cast(event_at_utc as date) as business_date,
            psp_account_id || '/' || event_id as source_id,
            event_type,
            gross_currency,
            coalesce(gross_amount, 0) as gross_amount,
            fee_currency,
            coalesce(fee_amount, 0) as fee_amount,
            net_currency,
            net_amount,
            coalesce(reserve_amount, 0) as reserve_amount
        from {{ ref("stg_psp__transactions") }}
        -- only these move the balance at the provider
        where
            event_type <> 'memo'
            and status in (
                'settled',
                'paid_out',
                'refunded',
                'chargeback',
                'chargeback_reversed',
                'reserve',
                'fee'
            )
    ),

    kinds as (
        select event_type, entry_kind, direction
        from {{ ref("ref_payment_entry_kinds") }}
    ),

    parts as (
        select
            transactions.tenant_id,
            transactions.server_id,
            transactions.business_date,
            transactions.source_id,
            kinds.entry_kind,
            transactions.gross_currency as currency,
            kinds.direction * transactions.gross_amount as amount
        from transactions
        left join kinds on kinds.event_type = transactions.event_type
        union all
        select {{ event }}, 'psp_fee', fee_currency, fee_amount
        from transactions
        union all
        select {{ event }}, 'psp_reserve', net_currency, reserve_amount
        from transactions
        union all
        -- paid in one currency and settled in another: all of it leaves the first
        select
            {{ event }},
            'psp_conversion',
            gross_currency,
            gross_amount
            - case when fee_currency = gross_currency then fee_amount else 0 end
        from transactions
        where gross_currency <> net_currency and net_amount is not null
        union all
        -- and the second gets the net, and what fee and reserve take from it
        select
            {{ event }},
            'psp_conversion',
            net_currency,
            - net_amount
            - reserve_amount
            - case when fee_currency = net_currency then fee_amount else 0 end
        from transactions
        where gross_currency <> net_currency and net_amount is not null
    )

select
    {{ event }},
    cast(null as varchar) as account_key,
    entry_kind,
    currency,
    cast(sum(amount) as decimal(38, 8)) as amount
from parts
where amount <> 0
group by {{ event }}, entry_kind, currency
