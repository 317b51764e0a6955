with

    events as (select * from {{ ref("stg_coinbase_commerce__events") }}),

    payments as (
        select * from {{ current_rows("coinbase_commerce_payments") }} as rows_now
    ),

    -- The newest event says what a charge has come to; one delivered late does not
    -- undo it.
    ranked as (
        select
            *,
            row_number() over (
                partition by tenant_id, psp_account_id, charge_code
                order by event_at_utc desc, timeline_entries desc, event_id asc
            ) as newest,
            count(*) over (
                partition by tenant_id, psp_account_id, charge_code
            ) as event_count
        from events
    ),

    paid as (
        select
            _tenant_id as tenant_id,
            _source as psp_account_id,
            event_id,
            count(*) as payment_count,
            max(detected_at) as last_payment_at_utc
        from payments
        group by 1, 2, 3
    )

select
    ranked.tenant_id,
    ranked.psp_account_id,
    ranked.charge_code,
    ranked.event_id,
    ranked.event_type,
    ranked.event_count,
    ranked.event_at_utc,
    ranked.status,
    ranked.status_context,
    ranked.status_at_utc,
    ranked.charge_created_at_utc,
    ranked.charge_expires_at_utc,
    ranked.charge_confirmed_at_utc,
    ranked.pricing_type,
    ranked.price_currency,
    ranked.price_amount,
    ranked.client_reference,
    coalesce(paid.payment_count, 0) as payment_count,
    paid.last_payment_at_utc,
    coalesce(
        paid.last_payment_at_utc > ranked.charge_expires_at_utc, false
    ) as is_paid_after_expiry
from ranked
left join
    paid
    on paid.tenant_id = ranked.tenant_id
    and paid.psp_account_id = ranked.psp_account_id
    and paid.event_id = ranked.event_id
where ranked.newest = 1
