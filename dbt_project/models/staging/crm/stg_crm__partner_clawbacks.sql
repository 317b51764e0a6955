with
    clawbacks as (select * from {{ current_rows("crm_partner_clawbacks") }} as rows_now)

select
    _tenant_id as tenant_id,
    clawback_id,
    _tenant_id || '/' || client_id as client_key,
    cause,
    valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to,
    decided_on
from clawbacks
