with tiers as (select * from {{ current_rows("crm_partner_tiers") }} as rows_now)

select
    _tenant_id as tenant_id,
    agreement_id,
    cast(
        row_number() over (
            partition by _tenant_id, agreement_id order by lower_bound
        ) as integer
    ) as tier,
    lower_bound,
    upper_bound,
    rate
from tiers
