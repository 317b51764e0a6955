with
    list_versions as (
        select * from {{ current_rows("sanctions_list_versions") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as screening_source_id,
    list_id,
    file_part,
    version_sha256,
    list_date,
    date_origin,
    file_date,
    file_name,
    row_count,
    _loaded_at as loaded_at_utc
from list_versions
