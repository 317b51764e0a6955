-- Which operation is which fee: by cTrader's code, else by the strategy's pattern for
-- the comment. An operation belongs to the investment of its account that began last.
with
    strategies as (
        select
            tenant_id,
            strategy_id,
            valid_from,
            fees_posted,
            management_pattern,
            performance_pattern,
            subscription_pattern
        from {{ ref("stg_crm__copy_strategies") }}
    ),

    investments as (
        select
            tenant_id,
            strategy_id,
            account_key,
            valid_from,
            coalesce(valid_to, date '9999-12-31') as valid_to
        from {{ ref("stg_crm__copy_investments") }}
    ),

    investors as (select distinct account_key from investments),

    first_days as (
        select account_days.account_key, min(account_days.business_date) as first_date
        from {{ ref("fct_account_days") }} as account_days
        inner join investors on investors.account_key = account_days.account_key
        group by account_days.account_key
    ),

    codes as (
        select operation_code, copy_fee_kind
        from {{ ref("ref_ctrader_balance_operations") }}
        where copy_fee_kind <> ''
    ),

    operations as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.deal_key,
            deals.deal_id,
            deals.account_key,
            deals.executed_at_utc,
            deals.component,
            deals.comment,
            - deals.balance_effect_amount as charged_amount,
            codes.copy_fee_kind
        from {{ ref("can_deals") }} as deals
        inner join investors on investors.account_key = deals.account_key
        left join
            codes
            on codes.operation_code
            = case when deals.platform = 'ctrader' then deals.action_code end
        where not deals.is_trade and deals.balance_effect_amount <> 0
    ),

    placed as (
        select
            operations.tenant_id,
            operations.server_id,
            operations.business_date,
            operations.deal_key,
            operations.deal_id,
            operations.account_key,
            operations.executed_at_utc,
            operations.component,
            operations.charged_amount,
            investments.strategy_id,
            investments.valid_from as invested_from,
            investments.valid_to as invested_to,
            greatest(investments.valid_from, first_days.first_date) as counted_from,
            strategies.fees_posted,
            case
                when operations.copy_fee_kind is not null
                then operations.copy_fee_kind
                when
                    {{
                        matches_pattern(
                            "operations.comment", "strategies.management_pattern"
                        )
                    }}
                then 'management'
                when
                    {{
                        matches_pattern(
                            "operations.comment", "strategies.performance_pattern"
                        )
                    }}
                then 'performance'
                when
                    {{
                        matches_pattern(
                            "operations.comment", "strategies.subscription_pattern"
                        )
                    }}
                then 'subscription'
            end as fee_kind,
            row_number() over (
                partition by operations.deal_key, operations.business_date
                order by investments.valid_from desc, strategies.valid_from desc
            ) as place
        from operations
        inner join
            investments
            on investments.account_key = operations.account_key
            and investments.valid_from <= operations.business_date
        inner join first_days on first_days.account_key = operations.account_key
        inner join
            strategies
            on strategies.tenant_id = investments.tenant_id
            and strategies.strategy_id = investments.strategy_id
            and strategies.valid_from <= operations.business_date
    )

select
    tenant_id,
    server_id,
    business_date,
    deal_key,
    deal_id,
    account_key,
    executed_at_utc,
    component,
    strategy_id,
    invested_from,
    fee_kind,
    -- the month whose fee it is
    cast(
        case
            when business_date >= invested_to
            then date_trunc('month', {{ days_after("invested_to", "-1") }})
            when fees_posted = 'same_month'
            then date_trunc('month', business_date)
            else
                greatest(
                    date_trunc(
                        'month',
                        {{
                            days_after(
                                "cast(date_trunc('month', business_date) as date)",
                                "-1",
                            )
                        }}
                    ),
                    date_trunc('month', counted_from)
                )
        end as date
    ) as month_from,
    cast(charged_amount as decimal(24, 8)) as charged_amount
from placed
where place = 1 and fee_kind is not null
