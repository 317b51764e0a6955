with

    transactions as (
        select
            *,
            {{ server_time_to_utc("occurred_at", "iana_zone", "0") }} as occurred_at_utc
        from {{ current_rows("paypal_transactions") }} as rows_now
    ),

    -- a pending transaction comes again once it is completed; the settled state is
    -- the newest
    ranked as (
        select
            *,
            row_number() over (
                partition by _tenant_id, _source, transaction_id, currency, occurrence
                order by
                    case when status_code = 'pending' then 1 else 0 end asc,
                    occurred_at_utc desc,
                    _load_id desc,
                    status_code asc
            ) as newest_first
        from transactions
    )

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    transaction_id,
    currency,
    occurrence,
    reference_transaction_id,
    invoice_number as merchant_reference_id,
    custom_number,
    type,
    case when status_code <> 'none' then status_code end as status,
    occurred_at_utc,
    occurred_at as occurred_at_local,
    time_zone,
    gross as gross_amount,
    cast(- fee as decimal(24, 8)) as fee_amount,
    net as net_amount,
    balance as balance_amount,
    balance_impact
from ranked
where newest_first = 1
