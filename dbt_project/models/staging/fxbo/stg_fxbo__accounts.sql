with accounts as (select * from {{ current_rows("fxbo_accounts") }} as rows_now)

select
    _tenant_id as tenant_id,
    login_sid,
    user_id::varchar as client_id,
    server_id,
    login,
    "group" as account_group,
    currency as account_currency,
    coalesce(upper("group") like 'IB-WALLET%', false) as is_ib_wallet,
    regdate as registered_at_server
from accounts
