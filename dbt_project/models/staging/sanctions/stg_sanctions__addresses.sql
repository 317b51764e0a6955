with addresses as (select * from {{ current_rows("sanctions_addresses") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as screening_source_id,
    list_id,
    entry_id,
    address_id,
    address,
    city,
    country,
    remarks
from addresses
