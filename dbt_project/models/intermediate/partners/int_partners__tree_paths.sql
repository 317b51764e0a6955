{{ config(materialized="view") }}

with
    tree as (
        select tenant_id, child_kind, child_id, parent_partner_id, valid_from, valid_to
        from {{ ref("stg_crm__partner_tree") }}
    ),

    -- A child has one parent at a time: a later link ends the one before it, even where
    -- the CRM left the earlier row open.
    ordered as (
        select
            tenant_id,
            child_kind,
            child_id,
            parent_partner_id,
            valid_from,
            coalesce(valid_to, date '9999-12-31') as stated_valid_to,
            coalesce(
                lead(valid_from) over (
                    partition by tenant_id, child_kind, child_id
                    order by valid_from, parent_partner_id
                ),
                date '9999-12-31'
            ) as next_valid_from
        from tree
    ),

    links as (
        select
            tenant_id,
            child_kind,
            child_id,
            parent_partner_id,
            valid_from,
            least(stated_valid_to, next_valid_from) as valid_to
        from ordered
        where valid_from < least(stated_valid_to, next_valid_from)
    ),

    direct as (
        select
            tenant_id,
            child_id as client_id,
            parent_partner_id as direct_id,
            valid_from,
            valid_to
        from links
        where child_kind = 'client'
    ),

    first_override as (
        select
            direct.tenant_id,
            direct.client_id,
            direct.direct_id,
            link.parent_partner_id as parent_id,
            greatest(direct.valid_from, link.valid_from) as valid_from,
            least(direct.valid_to, link.valid_to) as valid_to
        from direct
        inner join
            links as link
            on link.tenant_id = direct.tenant_id
            and link.child_kind = 'partner'
            and link.child_id = direct.direct_id
        where
            greatest(direct.valid_from, link.valid_from)
            < least(direct.valid_to, link.valid_to)
            and link.parent_partner_id <> direct.direct_id
    ),

    second_override as (
        select
            low.tenant_id,
            low.client_id,
            low.direct_id,
            low.parent_id,
            link.parent_partner_id as grandparent_id,
            greatest(low.valid_from, link.valid_from) as valid_from,
            least(low.valid_to, link.valid_to) as valid_to
        from first_override as low
        inner join
            links as link
            on link.tenant_id = low.tenant_id
            and link.child_kind = 'partner'
            and link.child_id = low.parent_id
        where
            greatest(low.valid_from, link.valid_from)
            < least(low.valid_to, link.valid_to)
            -- A circular tree pays nobody twice.
            and link.parent_partner_id not in (low.direct_id, low.parent_id)
    ),

    final as (
        select
            tenant_id,
            tenant_id || '/' || client_id as client_key,
            0 as level,
            tenant_id || '/' || direct_id as partner_key,
            direct_id as partner_id,
            direct_id as partner_path,
            valid_from,
            valid_to
        from direct
        union all
        select
            tenant_id,
            tenant_id || '/' || client_id as client_key,
            1 as level,
            tenant_id || '/' || parent_id as partner_key,
            parent_id as partner_id,
            direct_id || ' > ' || parent_id as partner_path,
            valid_from,
            valid_to
        from first_override
        union all
        select
            tenant_id,
            tenant_id || '/' || client_id as client_key,
            2 as level,
            tenant_id || '/' || grandparent_id as partner_key,
            grandparent_id as partner_id,
            direct_id || ' > ' || parent_id || ' > ' || grandparent_id as partner_path,
            valid_from,
            valid_to
        from second_override
    )

select
    tenant_id,
    client_key,
    level,
    partner_key,
    partner_id,
    partner_path,
    valid_from,
    valid_to
from final
