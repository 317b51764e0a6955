with clients as (select * from {{ current_rows("crm_clients") }} as rows_now)

select
    _tenant_id as tenant_id,
    client_id,
    country,
    residence_country,
    registered_at as registered_at_utc,
    status,
    kyc_status,
    risk_class
from clients
