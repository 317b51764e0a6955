with desks as (select * from {{ current_rows("broker_desks") }} as rows_now)

select _tenant_id as tenant_id, desk, name
from desks
