{{ config(materialized="view") }}

with
    accounts as (
        select
            tenant_id,
            server_id,
            account_key,
            client_key,
            legal_entity,
            is_excluded,
            exclusion_reason
        from {{ ref("can_accounts") }}
    ),

    classifications as (
        select client_key, classification, valid_from, valid_to
        from {{ ref("can_client_classifications") }}
    )

select
    accounts.tenant_id,
    accounts.server_id,
    accounts.legal_entity,
    accounts.account_key,
    accounts.client_key,
    classifications.classification,
    coalesce(classifications.valid_from, date '1900-01-01') as valid_from,
    classifications.valid_to,
    coalesce(accounts.is_excluded, false) as is_excluded,
    case
        when accounts.is_excluded then accounts.exclusion_reason
    end as exclusion_reason
from accounts
left join classifications on classifications.client_key = accounts.client_key
