with
    identifiers as (
        select * from {{ current_rows("sanctions_identifiers") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as screening_source_id,
    list_id,
    entry_id,
    identifier_id,
    identifier_type,
    identifier_value,
    remarks
from identifiers
