with

    investments as (
        select * from {{ current_rows("crm_copy_investments") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    strategy_id,
    server_id,
    login,
    _tenant_id || '/' || server_id || '/' || cast(login as varchar) as account_key,
    valid_from,
    valid_to
from investments
