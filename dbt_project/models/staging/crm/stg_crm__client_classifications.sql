with

    classifications as (
        select * from {{ current_rows("crm_client_classifications") }} as rows_now
    )

select _tenant_id as tenant_id, client_id, classification, valid_from, valid_to
from classifications
