with
    notifications as (
        select * from {{ current_rows("bank_notifications") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as bank_source_id,
    account_id as bank_account_id,
    currency,
    statement_id,
    format,
    bank_id,
    reference,
    statement_number,
    page_number,
    from_date,
    to_date,
    entry_count,
    credits_amount,
    debits_amount
from notifications
