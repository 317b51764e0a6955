with

    payments as (
        select * from {{ current_rows("coinbase_commerce_payments") }} as rows_now
    ),

    charges as (select * from {{ ref("stg_coinbase_commerce__charges") }})

-- The payments as the charge's newest event lists them.
select
    charges.tenant_id,
    charges.psp_account_id,
    charges.charge_code,
    payments.position as payment_number,
    payments.network,
    payments.transaction_id,
    payments.status,
    payments.detected_at as detected_at_utc,
    upper(payments.local_currency) as local_currency,
    payments.local_amount,
    payments.local_amount_exact,
    upper(payments.crypto_currency) as crypto_currency,
    payments.crypto_amount,
    payments.crypto_amount_exact
from payments
inner join
    charges
    on charges.tenant_id = payments._tenant_id
    and charges.psp_account_id = payments._source
    and charges.event_id = payments.event_id
