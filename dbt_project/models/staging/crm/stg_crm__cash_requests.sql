with requests as (select * from {{ current_rows("crm_cash_requests") }} as rows_now)

select
    _tenant_id as tenant_id,
    request_id,
    client_id,
    server_id,
    login,
    kind,
    status,
    amount,
    currency,
    requested_at as requested_at_utc,
    processed_at as processed_at_utc,
    "method",
    psp,
    psp_reference
from requests
