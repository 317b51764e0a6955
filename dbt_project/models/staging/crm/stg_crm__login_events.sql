with logins as (select * from {{ current_rows("crm_login_events") }} as rows_now)

select
    _tenant_id as tenant_id,
    event_id,
    client_id,
    occurred_at as occurred_at_utc,
    result,
    channel,
    country,
    device_id
from logins
