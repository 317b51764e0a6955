with callbacks as (select * from {{ current_rows("coinspaid_callbacks") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    callback_key,
    operation_id,
    type,
    status,
    -- A deposit address is a client's for life, so its foreign_id is the client; the
    -- foreign_id
    -- beside it is what the merchant gave a withdrawal or an invoice.
    coalesce(end_user_reference, address_foreign_id) as client_reference,
    foreign_id as merchant_reference,
    address_id,
    upper(sent_currency) as sent_currency,
    sent_amount,
    remaining_amount,
    upper(received_currency) as received_currency,
    received_amount,
    received_amount_minus_fee as received_net_amount,
    coalesce(
        sent_amount_exact,
        remaining_amount_exact,
        received_amount_exact,
        received_amount_minus_fee_exact
    )
    is not null as is_rounded,
    sent_amount_exact,
    remaining_amount_exact,
    received_amount_exact,
    received_amount_minus_fee_exact as received_net_amount_exact,
    error,
    {{ epoch_to_timestamp("fixed_at") }} as rate_fixed_at_utc,
    {{ epoch_to_timestamp("expires_at") }} as expires_at_utc,
    received_at as received_at_utc,
    is_receipt_stated,
    _source_table as source_file,
    _source_row as source_row
from callbacks
