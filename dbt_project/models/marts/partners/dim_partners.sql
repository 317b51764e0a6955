with
    partners as (
        select tenant_id, partner_id, client_id, status
        from {{ ref("stg_crm__partners") }}
    ),

    tree as (
        select tenant_id, child_id, parent_partner_id, valid_from
        from {{ ref("stg_crm__partner_tree") }}
        where
            child_kind = 'partner'
            and valid_from <= cast(
                '{{ var("built_at", run_started_at.strftime("%Y-%m-%d %H:%M:%S")) }}'
                as date
            )
            and coalesce(valid_to, date '9999-12-31') > cast(
                '{{ var("built_at", run_started_at.strftime("%Y-%m-%d %H:%M:%S")) }}'
                as date
            )
    ),

    -- One parent at a time: the link that began last, as in int_partners__tree_paths.
    parents as (
        select
            tenant_id,
            child_id,
            max_by(parent_partner_id, valid_from) as parent_partner_id
        from tree
        group by tenant_id, child_id
    )

select
    partners.tenant_id,
    partners.tenant_id || '/' || partners.partner_id as partner_key,
    partners.partner_id,
    partners.status,
    partners.tenant_id || '/' || partners.client_id as client_key,
    partners.tenant_id || '/' || parents.parent_partner_id as parent_partner_key,
    parents.parent_partner_id
from partners
left join
    parents
    on parents.tenant_id = partners.tenant_id
    and parents.child_id = partners.partner_id
