with notes as (select * from {{ current_rows("crm_client_notes") }} as rows_now)

select
    _tenant_id as tenant_id,
    note_id,
    client_id,
    staff_id,
    category,
    written_at as written_at_utc
from notes
