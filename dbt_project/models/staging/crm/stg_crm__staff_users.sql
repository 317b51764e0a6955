with staff as (select * from {{ current_rows("crm_staff_users") }} as rows_now)

select
    _tenant_id as tenant_id, staff_id, role, team, status, created_at as created_at_utc
from staff
