with entries as (select * from {{ current_rows("bank_entries") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as bank_source_id,
    account_id as bank_account_id,
    currency,
    statement_id,
    entry_id,
    entry_number,
    amount,
    status = 'BOOK' as is_booked,
    status,
    is_reversal,
    coalesce(booking_date, value_date) as booking_date,
    booked_at_utc,
    value_date,
    bank_reference,
    customer_reference,
    transaction_code,
    proprietary_code,
    batch_message_id,
    batch_payment_id,
    charges_amount,
    detail_count
from entries
