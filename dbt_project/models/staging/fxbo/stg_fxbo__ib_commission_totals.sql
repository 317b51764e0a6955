with
    totals as (
        select * from {{ current_rows("fxbo_stats_ib_commissions") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    date as business_date,
    ib_id::varchar as partner_id,
    ref_id::varchar as client_id,
    currency,
    commission as commission_amount,
    lots as traded_lots
from totals
