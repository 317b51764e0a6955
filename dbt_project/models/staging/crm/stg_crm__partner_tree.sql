with edges as (select * from {{ current_rows("crm_partner_tree") }} as rows_now)

select
    _tenant_id as tenant_id,
    child_kind,
    child_id,
    parent_partner_id,
    valid_from,
    valid_to
from edges
