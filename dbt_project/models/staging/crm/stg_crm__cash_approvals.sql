with approvals as (select * from {{ current_rows("crm_cash_approvals") }} as rows_now)

select
    _tenant_id as tenant_id,
    approval_id,
    request_id,
    staff_id,
    decision,
    decided_at as decided_at_utc,
    step as approval_step
from approvals
