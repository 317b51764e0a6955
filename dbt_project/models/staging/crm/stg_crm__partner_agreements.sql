with

    agreements as (
        select * from {{ current_rows("crm_partner_agreements") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    agreement_id,
    partner_id,
    cast("level" as integer) as level,
    model,
    rate,
    currency,
    symbol_pattern,
    account_group_pattern,
    valid_from,
    valid_to
from agreements
