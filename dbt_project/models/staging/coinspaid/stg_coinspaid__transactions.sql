with

    callbacks as (select * from {{ ref("stg_coinspaid__callbacks") }}),

    statuses as (
        select status, status_order, is_final from {{ ref("ref_coinspaid_statuses") }}
    ),

    -- The furthest status says what became of the operation, whatever arrived last.
    ranked as (
        select
            callbacks.*,
            statuses.is_final,
            row_number() over (
                partition by
                    callbacks.tenant_id,
                    callbacks.psp_account_id,
                    callbacks.operation_id,
                    callbacks.type
                order by
                    statuses.status_order desc,
                    callbacks.received_at_utc desc,
                    callbacks.callback_key asc
            ) as furthest,
            count(*) over (
                partition by
                    callbacks.tenant_id,
                    callbacks.psp_account_id,
                    callbacks.operation_id,
                    callbacks.type
            ) as callback_count,
            min(callbacks.received_at_utc) over (
                partition by
                    callbacks.tenant_id,
                    callbacks.psp_account_id,
                    callbacks.operation_id,
                    callbacks.type
            ) as first_received_at_utc
        from callbacks
        inner join statuses on statuses.status = callbacks.status
    )

select
    tenant_id,
    psp_account_id,
    operation_id,
    type,
    status,
    is_final,
    callback_key,
    callback_count,
    client_reference,
    merchant_reference,
    sent_currency,
    sent_amount,
    remaining_amount,
    received_currency,
    received_amount,
    received_net_amount,
    is_rounded,
    error,
    rate_fixed_at_utc,
    expires_at_utc,
    first_received_at_utc,
    received_at_utc as status_received_at_utc
from ranked
where furthest = 1
