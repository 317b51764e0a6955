with

    clients as (
        select
            tenant_id,
            client_id,
            country,
            residence_country,
            registered_at_utc,
            status,
            kyc_status,
            risk_class
        from {{ ref("stg_crm__clients") }}
    ),

    current_partners as (
        select
            tenant_id,
            child_id as client_id,
            max_by(parent_partner_id, valid_from) as partner_id
        from {{ ref("stg_crm__partner_tree") }}
        where child_kind = 'client' and valid_to is null
        group by tenant_id, child_id
    )

select
    clients.tenant_id,
    clients.tenant_id || '/' || clients.client_id as client_key,
    clients.client_id,
    coalesce(clients.residence_country, clients.country) as country,
    cast(clients.registered_at_utc as date) as registered_date,
    clients.status,
    clients.kyc_status,
    clients.risk_class,
    clients.tenant_id || '/' || current_partners.partner_id as partner_key
from clients
left join
    current_partners
    on current_partners.tenant_id = clients.tenant_id
    and current_partners.client_id = clients.client_id
