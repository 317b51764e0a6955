{{ config(materialized="view") }}

-- Lines of the commission ledger that no trade stands behind: partners' parts of the
-- fees
-- that the platform charged. A fee that was not charged has no line.
with
    charged as (
        select
            charged.tenant_id,
            charged.server_id,
            charged.business_date,
            charged.deal_key,
            charged.deal_id,
            charged.account_key,
            charged.executed_at_utc,
            accounts.client_key,
            accounts.group_name,
            accounts.main_currency,
            accounts.is_excluded,
            -- Cent accounts: money counts a hundredth, in the main currency.
            cast(
                charged.charged_amount * case
                    when accounts.money_divisor = 100
                    then cast(0.01 as decimal(4, 2))
                    else cast(1 as decimal(4, 2))
                end as decimal(24, 8)
            ) as charged_amount
        from {{ ref("int_partners__copy_fees_charged") }} as charged
        inner join
            {{ ref("can_accounts") }} as accounts
            on accounts.account_key = charged.account_key
    ),

    agreements as (
        select
            tenant_id || '/' || partner_id as partner_key,
            level,
            agreement_id,
            rate,
            hybrid_ratio,
            currency,
            clawback_on_chargeback,
            clawback_days,
            account_group_pattern,
            valid_from,
            valid_to
        from {{ ref("stg_crm__partner_agreements") }}
        where model = 'copy_fee_share'
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    matched as (
        select
            charged.tenant_id,
            charged.server_id,
            charged.business_date,
            charged.deal_key,
            charged.deal_id,
            charged.account_key,
            charged.client_key,
            charged.executed_at_utc,
            charged.is_excluded,
            charged.main_currency,
            charged.charged_amount,
            paths.partner_key,
            paths.partner_id,
            paths.level,
            paths.partner_path,
            paths.blocked_reason,
            agreements.agreement_id,
            coalesce(agreements.currency, charged.main_currency) as amount_currency,
            agreements.rate,
            agreements.hybrid_ratio,
            agreements.clawback_on_chargeback,
            agreements.clawback_days,
            row_number() over (
                partition by
                    charged.deal_key,
                    charged.business_date,
                    paths.partner_key,
                    paths.level
                order by
                    length(agreements.account_group_pattern) desc,
                    agreements.agreement_id
            ) as preference
        from charged
        inner join
            {{ ref("int_partners__tree_paths") }} as paths
            on paths.client_key = charged.client_key
            and paths.valid_from <= charged.business_date
            and paths.valid_to > charged.business_date
        inner join
            agreements
            on agreements.partner_key = paths.partner_key
            and agreements.level = paths.level
            and {{ effective("agreements", "charged.business_date") }}
            and {{
                matches_pattern(
                    "charged.group_name", "agreements.account_group_pattern"
                )
            }}
    ),

    based as (
        select
            matched.tenant_id,
            matched.server_id,
            matched.business_date,
            matched.deal_key,
            matched.deal_id,
            matched.account_key,
            matched.client_key,
            matched.executed_at_utc,
            matched.partner_key,
            matched.partner_id,
            matched.level,
            matched.partner_path,
            matched.blocked_reason,
            matched.is_excluded,
            matched.agreement_id,
            matched.amount_currency,
            matched.clawback_on_chargeback,
            matched.clawback_days,
            case
                when matched.amount_currency = matched.main_currency
                then matched.charged_amount
                else
                    cast(
                        matched.charged_amount * cast(
                            {{ ratio("fx_main.rate", "fx_paid.rate", 12) }} as decimal(
                                24, 12
                            )
                        ) as decimal(24, 8)
                    )
            end as base_quantity,
            case
                when matched.hybrid_ratio = 1
                then matched.rate
                else
                    cast(
                        cast(
                            matched.rate as decimal(18, 8)
                        ) * cast(matched.hybrid_ratio as decimal(10, 8)) as decimal(
                            24, 12
                        )
                    )
            end as rate
        from matched
        left join
            fx as fx_main
            on fx_main.business_date = matched.business_date
            and fx_main.currency = matched.main_currency
        left join
            fx as fx_paid
            on fx_paid.business_date = matched.business_date
            and fx_paid.currency = matched.amount_currency
        where matched.preference = 1
    )

select
    based.tenant_id,
    based.server_id,
    based.business_date,
    based.deal_key,
    based.deal_id,
    based.account_key,
    based.client_key,
    based.executed_at_utc,
    based.partner_key,
    based.partner_id,
    based.level,
    based.partner_path,
    based.agreement_id,
    based.amount_currency,
    cast(coalesce(based.base_quantity, 0) as decimal(24, 8)) as base_quantity,
    cast(based.rate as decimal(24, 12)) as rate,
    case
        when based.is_excluded
        then 'excluded account'
        when based.blocked_reason is not null
        then based.blocked_reason {{ when_clawed_back("based", "based.business_date") }}
        when based.base_quantity is null
        then 'no rate of the day converts the base'
        when based.rate = 0
        then 'the rate of the agreement is zero'
    end as reason
from based
left join
    {{ ref("int_partners__clawbacks_dated") }} as clawbacks
    on clawbacks.client_key = based.client_key
    and clawbacks.valid_from <= based.business_date
    and clawbacks.valid_to > based.business_date
