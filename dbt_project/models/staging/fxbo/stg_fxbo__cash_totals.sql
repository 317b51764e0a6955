with totals as (select * from {{ current_rows("fxbo_stats_transactions") }} as rows_now)

select
    _tenant_id as tenant_id,
    date as business_date,
    type as transaction_type,
    login_sid,
    server_id,
    login,
    user_id::varchar as client_id,
    currency,
    count_transactions as transactions,
    amount as cash_amount
from totals
