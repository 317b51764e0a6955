with

    events as (select * from {{ current_rows("coinbase_commerce_events") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    event_id,
    event_type,
    event_created_at as event_at_utc,
    code as charge_code,
    status,
    status_context,
    status_at as status_at_utc,
    timeline_entries,
    charge_created_at as charge_created_at_utc,
    charge_expires_at as charge_expires_at_utc,
    charge_confirmed_at as charge_confirmed_at_utc,
    pricing_type,
    upper(price_currency) as price_currency,
    price_amount,
    client_reference,
    received_at as received_at_utc,
    is_receipt_stated,
    _source_table as source_file,
    _source_row as source_row
from events
