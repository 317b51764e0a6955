with grants as (select * from {{ current_rows("crm_bonus_grants") }} as rows_now)

select
    _tenant_id as tenant_id,
    grant_id,
    client_id,
    server_id,
    login,
    campaign,
    status,
    amount as bonus_amount,
    currency as bonus_currency,
    granted_at as granted_at_utc,
    ended_at as ended_at_utc,
    staff_id
from grants
