with statements as (select * from {{ current_rows("bank_statements") }} as rows_now)

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
    opening_date,
    opening_balance as opening_balance_amount,
    coalesce(closing_date, to_date) as closing_date,
    closing_balance as closing_balance_amount,
    available_balance as available_balance_amount,
    entry_count,
    credits_amount,
    debits_amount,
    opening_balance
    + credits_amount
    + debits_amount
    - closing_balance as difference_amount
from statements
