with devices as (select * from {{ current_rows("crm_device_events") }} as rows_now)

select
    _tenant_id as tenant_id,
    event_id,
    client_id,
    device_id,
    occurred_at as occurred_at_utc,
    event,
    platform
from devices
