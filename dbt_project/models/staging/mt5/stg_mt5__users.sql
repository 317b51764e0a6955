with users as (select * from {{ current_rows("mt5_users") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    login,
    "group" as group_name,
    country,
    cast(registration as date) as registered_date,
    cast(leverage as integer) as leverage,
    agent as agent_login
from users
