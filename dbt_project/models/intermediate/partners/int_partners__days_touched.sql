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
    terms_changed as (
        select tenant_id, min(valid_from) as affected_from
        from
            (
                select _tenant_id as tenant_id, valid_from, _is_new
                from {{ all_versions("crm_partner_agreements") }} as agreement_versions
                union all
                select _tenant_id, valid_from, _is_new
                from {{ all_versions("crm_partner_tree") }} as tree_versions
                union all
                select tiers._tenant_id, agreements.valid_from, tiers._is_new
                from {{ all_versions("crm_partner_tiers") }} as tiers
                inner join
                    agreements
                    on agreements.tenant_id = tiers._tenant_id
                    and agreements.agreement_id = tiers.agreement_id
            ) as versions
        where _is_new
        group by tenant_id
    ),

    -- An account linked to another client, or for the first time: its own days only.
    links_changed as (
        select distinct _tenant_id || '/' || server_id || '/' || login as account_key
        from {{ all_versions("crm_client_accounts") }} as links
        where _is_new
    ),

    -- A client whose trades are clawed back, or who turns out to be a partner.
    clients_changed as (
        select _tenant_id || '/' || client_id as client_key, valid_from
        from {{ all_versions("crm_partner_clawbacks") }} as clawbacks
        where _is_new
        union all
        select client_key, changed_from
        from {{ ref("int_partners__chargebacks_dated") }}
        where changed_build_id > {{ last_done_build() }}
        union all
        select _tenant_id || '/' || client_id, date '0001-01-01'
        from {{ all_versions("crm_partners") }} as partners
        where _is_new and client_id is not null
    ),

    -- An account that follows a PAMM or copy strategy, or whose strategy changed:
    -- which of
    -- its operations are fees.
    followers_changed as (
        select
            _tenant_id || '/' || server_id || '/' || login as account_key,
            min(valid_from) as affected_from
        from {{ all_versions("crm_copy_investments") }} as investments
        where _is_new
        group by 1
        union all
        select investments.account_key, min(strategies.valid_from)
        from {{ all_versions("crm_copy_strategies") }} as strategies
        inner join
            {{ ref("stg_crm__copy_investments") }} as investments
            on investments.tenant_id = strategies._tenant_id
            and investments.strategy_id = strategies.strategy_id
        where strategies._is_new
        group by investments.account_key
    ),

    accounts_changed as (
        select account_key, affected_from
        from followers_changed
        union all
        select accounts.account_key, min(clients_changed.valid_from) as affected_from
        from clients_changed
        inner join
            {{ ref("can_accounts") }} as accounts
            on accounts.client_key = clients_changed.client_key
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
