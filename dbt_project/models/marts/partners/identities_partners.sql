{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        schema="meta",
        pre_hook="{{ delete_identities_from(first_partner_day(), ['copy_fees_charged_are_due', 'copy_fees_hold_every_charge', 'copy_fee_parts_are_the_ledgers']) }}",
    )
}}

{%- set first_day = first_partner_day() %}

with
    booked as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            client_key,
            partner_key,
            level,
            coalesce(agreement_id, '') as agreement_id,
            coalesce(model, '') as model,
            coalesce(amount_currency, '') as amount_currency,
            entry_type,
            coalesce(tier, 0) as tier,
            {{ product(["base_quantity", "rate"]) }}
            + coalesce(carved_amount, 0)
            + coalesce(capped_amount, 0)
            + coalesce(rounding_amount, 0) as ruled_amount,
            amount
        from {{ ref("fct_commission_ledger") }}
        where business_date >= {{ first_day }}
    ),

    target as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            client_key,
            partner_key,
            level,
            coalesce(agreement_id, '') as agreement_id,
            coalesce(model, '') as model,
            coalesce(amount_currency, '') as amount_currency,
            coalesce(tier, 0) as tier,
            amount
        from {{ ref("int_partners__commissions_targeted") }}
        where business_date >= {{ first_day }}
    ),

    deals as (
        select tenant_id, server_id, business_date, deal_key, account_key
        from {{ ref("can_deals") }}
        where is_turnover and business_date >= {{ first_day }}
    ),

    accounts as (select account_key, client_key from {{ ref("can_accounts") }}),

    paths as (
        select client_key, valid_from, valid_to
        from {{ ref("int_partners__tree_paths") }}
        where level = 0
    ),

    lines as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            client_key,
            partner_key,
            level,
            agreement_id,
            model,
            tier,
            amount_currency,
            sum(target_amount) as target_amount,
            sum(booked_amount) as booked_amount,
            max(is_target) as is_target,
            max(is_booked) as is_booked
        from
            (
                select
                    tenant_id,
                    server_id,
                    business_date,
                    deal_key,
                    client_key,
                    partner_key,
                    level,
                    agreement_id,
                    model,
                    tier,
                    amount_currency,
                    amount as target_amount,
                    cast(0 as decimal(24, 8)) as booked_amount,
                    1 as is_target,
                    0 as is_booked
                from target
                union all
                select
                    tenant_id,
                    server_id,
                    business_date,
                    deal_key,
                    client_key,
                    partner_key,
                    level,
                    agreement_id,
                    model,
                    tier,
                    amount_currency,
                    cast(0 as decimal(24, 8)) as target_amount,
                    amount as booked_amount,
                    0 as is_target,
                    1 as is_booked
                from booked
            ) as both_sides
        group by
            tenant_id,
            server_id,
            business_date,
            deal_key,
            client_key,
            partner_key,
            level,
            agreement_id,
            model,
            tier,
            amount_currency
    ),

    referred as (
        select deals.tenant_id, deals.server_id, deals.business_date, deals.deal_key
        from deals
        inner join accounts on accounts.account_key = deals.account_key
        inner join
            paths
            on paths.client_key = accounts.client_key
            and {{ effective("paths", "deals.business_date") }}
    ),

    deals_booked as (select distinct deal_key from booked),

    paid_rules as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            partner_key,
            level,
            model,
            count(distinct agreement_id) as agreement_count
        from lines
        where booked_amount <> 0
        group by
            tenant_id, server_id, business_date, deal_key, partner_key, level, model
    ),

    identities as (
        select
            'ledger_equals_target' as identity_id,
            'Each commission booked, by deal, partner and agreement, is what the tree and the agreements give'
            as what
        union all
        select
            'referred_deals_have_a_line' as identity_id,
            'Each trading deal of a client that a partner referred has a line: paid, or with the reason why not'
            as what
        union all
        select
            'accrual_is_quantity_times_rate' as identity_id,
            'Each accrual that pays is its quantity times its rate, less what is carved out and capped, and rounded as agreed'
            as what
        union all
        select
            'one_agreement_per_line' as identity_id,
            'No deal pays one partner twice under two agreements of the same model'
            as what
        union all
        select
            'carved_overrides_stay_within_the_rate' as identity_id,
            'Direct partner and carved-out overrides of a trade together get no more than the direct partner''s rate gives'
            as what
        union all
        select
            'copy_fees_charged_are_due' as identity_id,
            'What the platform charged as a copy fee is what the strategy''s terms give, unless deals changed after it was charged'
            as what
        union all
        select
            'copy_fees_hold_every_charge' as identity_id,
            'The copy fees of an account are all of its fee operations, each once'
            as what
        union all
        select
            'copy_fee_parts_are_the_ledgers' as identity_id,
            'What partners get of an account''s copy fees is what the commission ledger books to them'
            as what
    ),

    copy_fees as (
        select
            tenant_id,
            server_id,
            month_to,
            charge_state,
            due_amount,
            charged_amount,
            charged_operations,
            partners_amount_reporting,
            strategy_id,
            account_key,
            invested_from,
            month_from,
            fee_kind
        from {{ ref("fct_copy_fees") }}
    ),

    -- By account, from the operations and the ledger themselves.
    copy_operations as (
        select
            charged.tenant_id,
            charged.server_id,
            charged.account_key,
            max(charged.business_date) as business_date,
            count(*) as operations,
            sum(charged.charged_amount) as charged_amount
        from {{ ref("int_partners__copy_fees_charged") }} as charged
        group by charged.tenant_id, charged.server_id, charged.account_key
    ),

    copy_shares as (
        select account_key, sum(amount_reporting) as amount_reporting
        from {{ ref("fct_commission_ledger") }}
        where model = 'copy_fee_share'
        group by account_key
    ),

    copy_accounts as (
        select
            account_key,
            sum(charged_operations) as operations,
            sum(charged_amount) as charged_amount,
            sum(partners_amount_reporting) as partners_amount
        from copy_fees
        group by account_key
    ),

    agreements as (
        select tenant_id, agreement_id, override_convention
        from {{ ref("stg_crm__partner_agreements") }}
    ),

    carved as (
        select
            due.tenant_id,
            due.server_id,
            due.business_date,
            due.deal_key,
            due.model,
            due.amount_currency,
            sum(
                case
                    when due.level = 0 or agreements.override_convention = 'carved_out'
                    then due.amount - due.rounding_amount
                    else 0
                end
            ) as shared_amount,
            sum(
                case when due.level = 0 then due.accrued_amount else 0 end
            ) as direct_amount
        from {{ ref("int_partners__commissions_targeted") }} as due
        inner join
            agreements
            on agreements.tenant_id = due.tenant_id
            and agreements.agreement_id = due.agreement_id
        where due.accrued_amount <> 0 and due.business_date >= {{ first_day }}
        group by
            due.tenant_id,
            due.server_id,
            due.business_date,
            due.deal_key,
            due.model,
            due.amount_currency
        having
            count(case when agreements.override_convention = 'carved_out' then 1 end)
            > 0
    ),

    counted as (
        select
            'carved_overrides_stay_within_the_rate' as identity_id,
            tenant_id,
            server_id,
            business_date,
            count(*) as population,
            sum(
                case when abs(shared_amount) > abs(direct_amount) then 1 else 0 end
            ) as broken,
            max(abs(shared_amount) - abs(direct_amount)) as worst,
            sum(shared_amount) as sum_left,
            sum(direct_amount) as sum_right
        from carved
        group by tenant_id, server_id, business_date
        union all
        select
            'ledger_equals_target' as identity_id,
            tenant_id,
            server_id,
            business_date,
            count(*) as population,
            sum(
                case
                    when target_amount <> booked_amount or is_target > is_booked
                    then 1
                    else 0
                end
            ) as broken,
            max(abs(target_amount - booked_amount)) as worst,
            sum(booked_amount) as sum_left,
            sum(target_amount) as sum_right
        from lines
        group by tenant_id, server_id, business_date
        union all
        select
            'referred_deals_have_a_line' as identity_id,
            referred.tenant_id,
            referred.server_id,
            referred.business_date,
            count(*) as population,
            sum(case when deals_booked.deal_key is null then 1 else 0 end) as broken,
            max(case when deals_booked.deal_key is null then 1 else 0 end) as worst,
            count(*) as sum_left,
            sum(case when deals_booked.deal_key is null then 0 else 1 end) as sum_right
        from referred
        left join deals_booked on deals_booked.deal_key = referred.deal_key
        group by referred.tenant_id, referred.server_id, referred.business_date
        union all
        select
            'accrual_is_quantity_times_rate' as identity_id,
            tenant_id,
            server_id,
            business_date,
            count(*) as population,
            sum(case when amount <> ruled_amount then 1 else 0 end) as broken,
            max(abs(amount - ruled_amount)) as worst,
            sum(amount) as sum_left,
            sum(ruled_amount) as sum_right
        from booked
        where entry_type = 'accrual' and amount <> 0
        group by tenant_id, server_id, business_date
        union all
        select
            'one_agreement_per_line' as identity_id,
            tenant_id,
            server_id,
            business_date,
            count(*) as population,
            sum(case when agreement_count > 1 then 1 else 0 end) as broken,
            max(agreement_count) - 1 as worst,
            sum(agreement_count) as sum_left,
            count(*) as sum_right
        from paid_rules
        group by tenant_id, server_id, business_date
        union all
        select
            'copy_fees_charged_are_due' as identity_id,
            tenant_id,
            server_id,
            month_to as business_date,
            count(*) as population,
            sum(case when charge_state = 'differs' then 1 else 0 end) as broken,
            max(abs(charged_amount - due_amount)) as worst,
            sum(charged_amount) as sum_left,
            sum(due_amount) as sum_right
        from copy_fees
        where charge_state in ('agrees', 'restated', 'differs')
        group by tenant_id, server_id, month_to
        union all
        select
            'copy_fees_hold_every_charge' as identity_id,
            operations.tenant_id,
            operations.server_id,
            operations.business_date,
            count(*) as population,
            sum(
                case
                    when
                        operations.operations <> coalesce(held.operations, 0)
                        or operations.charged_amount <> coalesce(held.charged_amount, 0)
                    then 1
                    else 0
                end
            ) as broken,
            max(
                abs(operations.charged_amount - coalesce(held.charged_amount, 0))
            ) as worst,
            sum(coalesce(held.charged_amount, 0)) as sum_left,
            sum(operations.charged_amount) as sum_right
        from copy_operations as operations
        left join copy_accounts as held on held.account_key = operations.account_key
        group by operations.tenant_id, operations.server_id, operations.business_date
        union all
        select
            'copy_fee_parts_are_the_ledgers' as identity_id,
            operations.tenant_id,
            operations.server_id,
            operations.business_date,
            count(*) as population,
            sum(
                case
                    when coalesce(held.partners_amount, 0) <> shares.amount_reporting
                    then 1
                    else 0
                end
            ) as broken,
            max(
                abs(coalesce(held.partners_amount, 0) - shares.amount_reporting)
            ) as worst,
            sum(coalesce(held.partners_amount, 0)) as sum_left,
            sum(shares.amount_reporting) as sum_right
        from copy_operations as operations
        inner join copy_shares as shares on shares.account_key = operations.account_key
        left join copy_accounts as held on held.account_key = operations.account_key
        group by operations.tenant_id, operations.server_id, operations.business_date
    )

-- An identity that nothing could be checked on is listed too, with a population of
-- zero.
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.broken, 0) as bigint) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
from identities
left join counted on counted.identity_id = identities.identity_id
{%- if is_incremental() %}
    where
        counted.identity_id is not null
        or identities.identity_id not in (
            select held.identity_id from {{ this }} as held where held.population > 0
        )
{%- endif %}
