with groups as (select * from {{ current_rows("broker_groups") }} as rows_now)

select
    _tenant_id as tenant_id,
    server_id,
    group_pattern,
    book,
    legal_entity,
    desk,
    is_excluded,
    exclusion_reason,
    is_cent,
    currency as account_currency,
    coalesce(is_swap_posted, false) as is_swap_posted,
    valid_from
from groups
