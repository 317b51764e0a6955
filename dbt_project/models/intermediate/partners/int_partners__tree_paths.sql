with recursive
    tree as (
        select tenant_id, child_kind, child_id, parent_partner_id, valid_from, valid_to
        from {{ ref("stg_crm__partner_tree") }}
    ),

    partners as (
        select distinct tenant_id, partner_id, client_id
        from {{ ref("stg_crm__partners") }}
        where client_id is not null
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

    -- Two claims on one client: from one day on, or into days that another link states
    -- as its own. Nobody is paid until a person ends one of them.
    disputes as (
        select
            later.tenant_id,
            later.child_id,
            later.valid_from,
            'claimed by ' || string_agg(
                distinct earlier.parent_partner_id,
                ', '
                order by earlier.parent_partner_id
            )
            || ' and '
            || max(later.parent_partner_id) as dispute
        from tree as later
        inner join
            tree as earlier
            on earlier.tenant_id = later.tenant_id
            and earlier.child_id = later.child_id
            and (
                (
                    earlier.valid_from = later.valid_from
                    and earlier.parent_partner_id < later.parent_partner_id
                )
                or (
                    earlier.valid_from < later.valid_from
                    and earlier.valid_to > later.valid_from
                    and earlier.parent_partner_id <> later.parent_partner_id
                )
            )
        where later.child_kind = 'client' and earlier.child_kind = 'client'
        group by later.tenant_id, later.child_id, later.valid_from
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
            links.tenant_id,
            links.child_id as client_id,
            links.parent_partner_id as direct_id,
            links.valid_from,
            links.valid_to,
            disputes.dispute
        from links
        left join
            disputes
            on disputes.tenant_id = links.tenant_id
            and disputes.child_id = links.child_id
            and disputes.valid_from = links.valid_from
        where links.child_kind = 'client'
    ),

    -- The way up from each partner who has clients; a circular tree pays nobody twice.
    chains as (
        select distinct
            tenant_id,
            direct_id,
            0 as level,
            direct_id as partner_id,
            direct_id as partner_path,
            date '0001-01-01' as valid_from,
            date '9999-12-31' as valid_to
        from direct
        union all
        select
            chains.tenant_id,
            chains.direct_id,
            chains.level + 1 as level,
            links.parent_partner_id as partner_id,
            chains.partner_path || ' > ' || links.parent_partner_id as partner_path,
            greatest(chains.valid_from, links.valid_from) as valid_from,
            least(chains.valid_to, links.valid_to) as valid_to
        from chains
        inner join
            links
            on links.tenant_id = chains.tenant_id
            and links.child_kind = 'partner'
            and links.child_id = chains.partner_id
        where
            greatest(chains.valid_from, links.valid_from)
            < least(chains.valid_to, links.valid_to)
            and ' > ' || chains.partner_path || ' > '
            not like '% > ' || links.parent_partner_id || ' > %'
    )

select
    direct.tenant_id,
    direct.tenant_id || '/' || direct.client_id as client_key,
    chains.level,
    direct.tenant_id || '/' || chains.partner_id as partner_key,
    chains.partner_id,
    chains.partner_path,
    greatest(direct.valid_from, chains.valid_from) as valid_from,
    least(direct.valid_to, chains.valid_to) as valid_to,
    case
        when partners.client_id is not null
        then 'self-referral: the client is the partner'
        else direct.dispute
    end as blocked_reason
from direct
inner join
    chains
    on chains.tenant_id = direct.tenant_id
    and chains.direct_id = direct.direct_id
    and greatest(direct.valid_from, chains.valid_from)
    < least(direct.valid_to, chains.valid_to)
left join
    partners
    on partners.tenant_id = direct.tenant_id
    and partners.partner_id = chains.partner_id
    and partners.client_id = direct.client_id
