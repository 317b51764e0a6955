with
    birth_dates as (
        select * from {{ current_rows("sanctions_birth_dates") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as screening_source_id,
    list_id,
    entry_id,
    birth_number,
    birth_text,
    from_date,
    to_date,
    is_approximate
from birth_dates
