with mics as (select * from {{ current_rows("reference_mics") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as reference_source_id,
    mic,
    operating_mic,
    mic_type,
    market_name,
    legal_entity_name,
    lei,
    market_category,
    acronym,
    country,
    city,
    status,
    created_date,
    updated_date,
    expiry_date
from mics
