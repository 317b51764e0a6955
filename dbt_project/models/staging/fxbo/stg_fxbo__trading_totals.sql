with totals as (select * from {{ current_rows("fxbo_stats_trading") }} as rows_now)

select
    _tenant_id as tenant_id,
    date as business_date,
    login_sid,
    server_id,
    login,
    user_id::varchar as client_id,
    currency,
    trade_cnt as trades,
    total_pl_closed as closed_pnl_amount
from totals
