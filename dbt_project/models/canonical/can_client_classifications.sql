with
    classifications as (
        select tenant_id, client_id, classification, valid_from, valid_to
        from {{ ref("stg_crm__client_classifications") }}
    )

select
    tenant_id,
    tenant_id || '/' || client_id as client_key,
    classification,
    valid_from,
    valid_to
from classifications
