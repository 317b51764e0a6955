with
    deals as (
        select tenant_id, server_id, business_date, account_key
        from {{ ref("can_deals") }}
    ),

    touched as (
        select tenant_id, server_id, business_date from {{ touched_days() }} as days
    ),

    agreements as (
        select
            tenant_id,
            agreement_id,
            valid_from,
            tier_basis,
            period_cap_amount,
            model,
            excludes_bonus
        from {{ ref("stg_crm__partner_agreements") }}
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

    tier_versions as (
        select
            v._tenant_id as tenant_id,
            agreements.valid_from,
            v._load_id,
            s.superseded_by_load
        from {{ source("raw", "crm_partner_tiers") }} as v
        inner join
            agreements
            on agreements.tenant_id = v._tenant_id
            and agreements.agreement_id = v.agreement_id
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
        union all
        select tenant_id, valid_from, _load_id, superseded_by_load
        from tier_versions
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

    -- A client whose trades are clawed back, or who turns out to be a partner.
    client_versions as (
        select
            v._tenant_id || '/' || v.client_id as client_key,
            v.valid_from,
            v._load_id,
            s.superseded_by_load
        from {{ source("raw", "crm_partner_clawbacks") }} as v
        left join
            {{ source("raw", "superseded") }} as s(row_id, superseded_by_load)
            on s.row_id = v._row_id
        union all
        select
            v._tenant_id || '/' || v.client_id,
            date '0001-01-01',
            v._load_id,
            s.superseded_by_load
        from {{ source("raw", "crm_partners") }} as v
        left join
            {{ source("raw", "superseded") }} as s(row_id, superseded_by_load)
            on s.row_id = v._row_id
        where v.client_id is not null
    ),

    accounts_changed as (
        select accounts.account_key, min(client_versions.valid_from) as affected_from
        from client_versions
        inner join
            {{ ref("can_accounts") }} as accounts
            on accounts.client_key = client_versions.client_key
        where
            ({{ is_new_load("client_versions._load_id") }})
            or ({{ is_new_load("client_versions.superseded_by_load") }})
        group by accounts.account_key
        union all
        select account_key, date '0001-01-01'
        from links_changed
        union all
        -- What a bonus carried goes by balances, which roll forward.
        select
            touched.tenant_id || '/' || touched.server_id || '/' || touched.login,
            min(touched.first_date)
        from {{ touched_accounts() }} as touched
        inner join
            (select distinct tenant_id from agreements where excludes_bonus) as careful
            on careful.tenant_id = touched.tenant_id
        group by 1
    ),

    changed as (
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
        inner join accounts_changed on accounts_changed.account_key = deals.account_key
        where deals.business_date >= accounts_changed.affected_from
    ),

    -- Tiers, caps and CPA go by the month: a changed day changes all of it.
    months as (
        select distinct
            changed.tenant_id, date_trunc('month', changed.business_date) as month_from
        from changed
        inner join
            (
                select distinct tenant_id
                from agreements
                where
                    tier_basis is not null
                    or period_cap_amount is not null
                    or model = 'cpa'
            ) as monthly
            on monthly.tenant_id = changed.tenant_id
    )

select tenant_id, server_id, business_date
from changed
union
select deals.tenant_id, deals.server_id, deals.business_date
from deals
inner join
    months
    on months.tenant_id = deals.tenant_id
    and months.month_from = date_trunc('month', deals.business_date)
