with lines as (select * from {{ current_rows("lp_statement_lines") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as lp_id,
    account as lp_account_id,
    line_id,
    booked_on as booked_date,
    line_type,
    coalesce(symbol, '') as symbol,
    amount,
    upper(currency) as currency,
    reference,
    description,
    _row_id as raw_row_id,
    _load_id as load_id
from lines
