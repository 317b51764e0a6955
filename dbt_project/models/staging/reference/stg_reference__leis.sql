with leis as (select * from {{ current_rows("reference_leis") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as reference_source_id,
    lei,
    legal_name,
    country,
    jurisdiction,
    category,
    legal_form,
    entity_status,
    registration_status,
    registered_at_utc,
    updated_at_utc,
    next_renewal_at_utc,
    managing_lou
from leis
