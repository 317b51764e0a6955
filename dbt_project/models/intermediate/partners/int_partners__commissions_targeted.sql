{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
with
    all_deals as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            deal_id,
            account_key,
            symbol,
            executed_at_utc,
            is_trade,
            is_turnover,
            volume_closed_lots,
            commission_amount
        from {{ ref("can_deals") }}
    ),

    accounts as (
        select
            account_key,
            client_key,
            group_name,
            main_currency,
            money_divisor,
            is_excluded
        from {{ ref("can_accounts") }}
    ),

    paths as (
        select
            client_key,
            partner_key,
            partner_id,
            level,
            partner_path,
            valid_from,
            valid_to
        from {{ ref("int_partners__tree_paths") }}
    ),

    agreements as (
        select
            tenant_id,
            partner_key,
            level,
            model,
            valid_from,
            valid_to,
            agreement_id,
            rate,
            currency,
            symbol_pattern,
            account_group_pattern,
            symbol_pattern_length,
            account_group_pattern_length
        from {{ ref("int_partners__agreements_segmented") }}
    ),

    deals as (
        select
            all_deals.tenant_id,
            all_deals.server_id,
            all_deals.business_date,
            all_deals.deal_key,
            all_deals.deal_id,
            all_deals.account_key,
            accounts.client_key,
            accounts.group_name,
            all_deals.symbol,
            all_deals.executed_at_utc,
            all_deals.is_turnover,
            coalesce(accounts.is_excluded, false) as is_excluded,
            -- Cent accounts: lots and money count a hundredth, in the main currency.
            case
                when accounts.money_divisor = 100
                then cast(all_deals.volume_closed_lots * 0.01 as decimal(24, 8))
                else cast(all_deals.volume_closed_lots as decimal(24, 8))
            end as closed_lots,
            case
                when accounts.money_divisor = 100
                then cast(all_deals.commission_amount * -0.01 as decimal(24, 8))
                else cast(- all_deals.commission_amount as decimal(24, 8))
            end as commission_paid,
            accounts.main_currency
        from all_deals
        left join accounts on accounts.account_key = all_deals.account_key
        {% if is_incremental() %}
            inner join
                {{ ref("int_partners__days_touched") }} as days
                on days.tenant_id = all_deals.tenant_id
                and days.server_id = all_deals.server_id
                and days.business_date = all_deals.business_date
        {% endif %}
        where all_deals.is_trade and accounts.client_key is not null
    ),

    beneficiaries as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.deal_key,
            deals.deal_id,
            deals.account_key,
            deals.client_key,
            deals.group_name,
            deals.symbol,
            deals.executed_at_utc,
            deals.closed_lots,
            deals.commission_paid,
            deals.main_currency,
            paths.partner_key,
            paths.partner_id,
            paths.level,
            paths.partner_path,
            case
                when deals.is_excluded
                then 'excluded account'
                when not deals.is_turnover
                then 'rollover or variation-margin deal'
            end as deal_reason
        from deals
        inner join
            paths
            on paths.client_key = deals.client_key
            and paths.valid_from <= deals.business_date
            and paths.valid_to > deals.business_date
    ),

    -- Patterns are matched once per symbol and group, not once per deal.
    traded as (select distinct tenant_id, symbol, group_name from deals),

    matches as (
        select
            traded.tenant_id,
            traded.symbol,
            traded.group_name,
            agreements.partner_key,
            agreements.level,
            agreements.model,
            agreements.valid_from,
            agreements.valid_to,
            agreements.agreement_id,
            agreements.rate,
            agreements.currency,
            row_number() over (
                partition by
                    traded.tenant_id,
                    traded.symbol,
                    traded.group_name,
                    agreements.partner_key,
                    agreements.level,
                    agreements.model,
                    agreements.valid_from
                order by
                    agreements.symbol_pattern_length desc,
                    agreements.account_group_pattern_length desc,
                    agreements.agreement_id asc
            ) as preference
        from traded
        inner join
            agreements
            on agreements.tenant_id = traded.tenant_id
            and {{ matches_pattern("traded.symbol", "agreements.symbol_pattern") }}
            and {{
                matches_pattern(
                    "traded.group_name", "agreements.account_group_pattern"
                )
            }}
    ),

    terms as (
        select
            tenant_id,
            symbol,
            group_name,
            partner_key,
            level,
            model,
            valid_from,
            valid_to,
            agreement_id,
            rate,
            currency
        from matches
        where preference = 1
    ),

    dated_terms as (
        select distinct partner_key, level, valid_from, valid_to from agreements
    ),

    ruled as (
        select
            beneficiaries.tenant_id,
            beneficiaries.server_id,
            beneficiaries.business_date,
            beneficiaries.deal_key,
            beneficiaries.deal_id,
            beneficiaries.account_key,
            beneficiaries.client_key,
            beneficiaries.group_name,
            beneficiaries.symbol,
            beneficiaries.executed_at_utc,
            beneficiaries.partner_key,
            beneficiaries.partner_id,
            beneficiaries.level,
            beneficiaries.partner_path,
            beneficiaries.deal_reason,
            terms.agreement_id,
            terms.model,
            terms.rate,
            case
                when terms.model = 'per_lot'
                then greatest(beneficiaries.closed_lots, 0)
                when terms.model = 'commission_share'
                then greatest(beneficiaries.commission_paid, 0)
            end as base_quantity,
            case
                when terms.model = 'per_lot'
                then terms.currency
                else beneficiaries.main_currency
            end as amount_currency
        from beneficiaries
        left join
            terms
            on beneficiaries.deal_reason is null
            and terms.tenant_id = beneficiaries.tenant_id
            and terms.partner_key = beneficiaries.partner_key
            and terms.level = beneficiaries.level
            and terms.symbol = beneficiaries.symbol
            and terms.group_name = beneficiaries.group_name
            and terms.valid_from <= beneficiaries.business_date
            and terms.valid_to > beneficiaries.business_date
    ),

    uncovered as (
        -- The partner has terms at this level on the day, but none for this symbol or
        -- group.
        select distinct ruled.deal_key, ruled.partner_key, ruled.level
        from ruled
        inner join
            dated_terms
            on dated_terms.partner_key = ruled.partner_key
            and dated_terms.level = ruled.level
            and dated_terms.valid_from <= ruled.business_date
            and dated_terms.valid_to > ruled.business_date
        where ruled.agreement_id is null and ruled.deal_reason is null
    )

select
    ruled.tenant_id,
    ruled.server_id,
    ruled.business_date,
    ruled.deal_key,
    ruled.deal_id,
    ruled.account_key,
    ruled.client_key,
    ruled.symbol,
    ruled.executed_at_utc,
    ruled.partner_key,
    ruled.partner_id,
    ruled.level,
    ruled.partner_path,
    ruled.agreement_id,
    ruled.model,
    cast(coalesce(ruled.base_quantity, 0) as decimal(24, 8)) as base_quantity,
    cast(ruled.rate as decimal(24, 12)) as rate,
    coalesce(
        {{ accrued_commission("ruled.base_quantity", "ruled.rate") }}, 0
    ) as amount,
    ruled.amount_currency,
    case
        when ruled.deal_reason is not null
        then ruled.deal_reason
        when uncovered.deal_key is not null
        then
            'agreements of this partner at level '
            || ruled.level
            || ' on '
            || ruled.business_date
            || ' do not cover '
            || ruled.symbol
            || ' in group '
            || ruled.group_name
        when ruled.agreement_id is null
        then
            'no agreement of this partner at level '
            || ruled.level
            || ' on '
            || ruled.business_date
        when ruled.model = 'per_lot' and ruled.base_quantity = 0
        then 'opening deal: per-lot pays at close'
        when ruled.model = 'commission_share' and ruled.base_quantity = 0
        then 'no commission on this deal'
        when ruled.rate = 0
        then 'the rate of the agreement is zero'
    end as reason
from ruled
left join
    uncovered
    on uncovered.deal_key = ruled.deal_key
    and uncovered.partner_key = ruled.partner_key
    and uncovered.level = ruled.level
