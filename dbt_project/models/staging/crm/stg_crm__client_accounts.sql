with links as (select * from {{ current_rows("crm_client_accounts") }} as rows_now)

select _tenant_id as tenant_id, client_id, server_id, login, valid_from
from links
