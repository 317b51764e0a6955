with details as (select * from {{ current_rows("bank_entry_details") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as bank_source_id,
    account_id as bank_account_id,
    currency,
    statement_id,
    entry_id,
    detail_number,
    amount,
    coalesce(amount_currency, currency) as amount_currency,
    instructed_amount,
    instructed_currency,
    exchange_rate,
    end_to_end_id,
    instruction_id,
    transaction_id,
    mandate_id,
    bank_reference,
    creditor_reference,
    payment_reference,
    purpose_code,
    return_reason,
    counterparty_bank_id
from details
