with
    deals as (
        select tenant_id, server_id, business_date, account_key
        from {{ ref("can_deals") }}
    ),

    touched as (
        select tenant_id, server_id, business_date from {{ touched_days() }} as days
    ),

    -- Deleted and replaced versions matter as much as new ones: raw keeps them all.
    agreement_versions as (
        select v._tenant_id as tenant_id, v.valid_from, v._load_id, s.superseded_by_load
        from {{ source("raw", "crm_partner_agreements") }} as v
        left join
            {{ source("raw", "superseded") }} as s(row_id, superseded_by_load)
            on s.row_id = v._row_id
    ),

    tree_versions as (
        select v._tenant_id as tenant_id, v.valid_from, v._load_id, s.superseded_by_load
        from {{ source("raw", "crm_partner_tree") }} as v
        left join
            {{ source("raw", "superseded") }} as s(row_id, superseded_by_load)
            on s.row_id = v._row_id
    ),

    versions as (
        select tenant_id, valid_from, _load_id, superseded_by_load
        from agreement_versions
        union all
        select tenant_id, valid_from, _load_id, superseded_by_load
        from tree_versions
    ),

    terms_changed as (
        select tenant_id, min(valid_from) as affected_from
        from versions
        where
            ({{ is_new_load("_load_id") }}) or ({{ is_new_load("superseded_by_load") }})
        group by tenant_id
    ),

    -- An account linked to another client, or for the first time: its own days only.
    links_changed as (
        select distinct
            v._tenant_id || '/' || v.server_id || '/' || v.login as account_key
        from {{ source("raw", "crm_client_accounts") }} as v
        left join
            {{ source("raw", "superseded") }} as s(row_id, superseded_by_load)
            on s.row_id = v._row_id
        where
            ({{ is_new_load("v._load_id") }})
            or ({{ is_new_load("s.superseded_by_load") }})
    ),

    final as (
        select tenant_id, server_id, business_date
        from touched
        union
        select deals.tenant_id, deals.server_id, deals.business_date
        from deals
        inner join terms_changed on terms_changed.tenant_id = deals.tenant_id
        where deals.business_date >= terms_changed.affected_from
        union
        select deals.tenant_id, deals.server_id, deals.business_date
        from deals
        inner join links_changed on links_changed.account_key = deals.account_key
    )

select tenant_id, server_id, business_date
from final
