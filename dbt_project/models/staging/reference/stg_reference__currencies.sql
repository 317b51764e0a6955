with
    currencies as (select * from {{ current_rows("reference_currencies") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as reference_source_id,
    entity_name,
    currency,
    currency_name,
    numeric_code,
    minor_units
from currencies
