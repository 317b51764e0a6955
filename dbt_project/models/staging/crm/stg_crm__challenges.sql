with challenges as (select * from {{ current_rows("crm_challenges") }} as rows_now)

select
    _tenant_id as tenant_id,
    challenge_id,
    cast(phase as integer) as phase,
    client_id,
    plan_id,
    server_id,
    login,
    initial_balance_amount,
    valid_from,
    valid_to
from challenges
