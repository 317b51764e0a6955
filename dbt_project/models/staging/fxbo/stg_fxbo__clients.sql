with users as (select * from {{ current_rows("fxbo_users") }} as rows_now)

select
    _tenant_id as tenant_id,
    id::varchar as client_id,
    country,
    cid as company_id,
    nullif(partner_id, 0)::varchar as partner_id,
    is_ib as is_partner,
    is_employee,
    is_enabled,
    created_at as registered_at_utc
from users
