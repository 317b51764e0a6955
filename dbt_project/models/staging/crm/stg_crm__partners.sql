with partners as (select * from {{ current_rows("crm_partners") }} as rows_now)

select _tenant_id as tenant_id, partner_id, client_id, status
from partners
