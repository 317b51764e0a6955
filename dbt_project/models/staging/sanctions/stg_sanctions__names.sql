with names as (select * from {{ current_rows("sanctions_names") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as screening_source_id,
    list_id,
    entry_id,
    name_id,
    name_kind,
    quality,
    full_name,
    family_name
from names
