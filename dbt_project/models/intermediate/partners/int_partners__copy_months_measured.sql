{{ config(materialized="view") }}

-- The facts that fees of PAMM and copy trading are reckoned from: equity of every
-- calendar day, what the month traded, the terms in force.
with
    strategies as (
        select
            tenant_id,
            strategy_id,
            kind,
            valid_from,
            valid_to,
            management_rate,
            performance_rate,
            subscription_amount,
            subscription_currency,
            fees_posted,
            management_pattern,
            performance_pattern,
            subscription_pattern
        from {{ ref("stg_crm__copy_strategies") }}
    ),

    investments as (
        select
            tenant_id,
            server_id,
            strategy_id,
            account_key,
            valid_from,
            coalesce(valid_to, date '9999-12-31') as valid_to
        from {{ ref("stg_crm__copy_investments") }}
    ),

    investors as (select distinct account_key from investments),

    accounts as (
        select
            account_key,
            client_key,
            platform,
            account_currency,
            main_currency,
            currency_digits,
            money_divisor
        from {{ ref("can_accounts") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    last_days as (
        select tenant_id, server_id, max(business_date) as last_date
        from
            (
                select tenant_id, server_id, business_date
                from {{ ref("fct_account_days") }}
                union all
                select tenant_id, server_id, business_date
                from {{ ref("int_server_closes") }}
            ) as told
        where (tenant_id, server_id) in (select (tenant_id, server_id) from investments)
        group by tenant_id, server_id
    ),

    -- A row holds until the next one.
    account_days as (
        select
            days.account_key,
            days.business_date,
            lead(days.business_date, 1, date '9999-12-31') over (
                partition by days.account_key order by days.business_date
            ) as next_date,
            days.equity_amount,
            days.deposits_amount,
            days.withdrawals_amount,
            days.internal_transfers_amount,
            days.closed_pnl_amount
            + days.swap_amount
            + days.commission_amount
            + days.commission_round_amount
            + days.fees_amount
            + days.interest_amount
            + days.dividends_amount
            + days.taxes_amount
            + days.floating_pnl_amount
            + days.floating_swap_amount
            - coalesce(
                lag(days.floating_pnl_amount + days.floating_swap_amount) over (
                    partition by days.account_key order by days.business_date
                ),
                0
            ) as result_amount
        from {{ ref("fct_account_days") }} as days
        inner join investors on investors.account_key = days.account_key
    ),

    first_days as (
        select account_key, min(business_date) as first_date
        from account_days
        group by account_key
    ),

    -- An investment counts from the first day on which the books know its account.
    counted as (
        select
            investments.tenant_id,
            investments.server_id,
            investments.strategy_id,
            investments.account_key,
            investments.valid_from as invested_from,
            investments.valid_to as invested_to,
            last_days.last_date,
            greatest(investments.valid_from, first_days.first_date) as counted_from,
            least(
                investments.valid_to, {{ days_after("last_days.last_date", "1") }}
            ) as counted_to
        from investments
        inner join first_days on first_days.account_key = investments.account_key
        inner join
            last_days
            on last_days.tenant_id = investments.tenant_id
            and last_days.server_id = investments.server_id
    ),

    spine as (
        select
            counted.tenant_id,
            counted.strategy_id,
            counted.account_key,
            counted.invested_from,
            calendar.day,
            cast(date_trunc('month', calendar.day) as date) as month_from
        from counted
        inner join
            {{
                days_from_to(
                    "(select min(counted_from) from counted)",
                    "(select max(counted_to) from counted)",
                )
            }} as calendar
            on calendar.day >= counted.counted_from
            and calendar.day < counted.counted_to
    ),

    months as (
        select
            spine.tenant_id,
            spine.strategy_id,
            spine.account_key,
            spine.invested_from,
            spine.month_from,
            max(spine.day) as month_to,
            cast(count(*) as integer) as days,
            max(strategies.valid_from) as terms_from,
            max_by(account_days.equity_amount, spine.day) as closing_equity_amount,
            sum(greatest(account_days.equity_amount, 0)) as equity_days,
            min(coalesce(strategies.management_rate, 0)) as lowest_rate,
            max(coalesce(strategies.management_rate, 0)) as highest_rate,
            count(strategies.management_rate) > 0 as has_management,
            sum(
                cast(greatest(account_days.equity_amount, 0) as decimal(24, 8))
                * coalesce(strategies.management_rate, 0)
            ) as managed
        from spine
        left join
            account_days
            on account_days.account_key = spine.account_key
            and account_days.business_date <= spine.day
            and account_days.next_date > spine.day
        left join
            strategies
            on strategies.tenant_id = spine.tenant_id
            and strategies.strategy_id = spine.strategy_id
            and {{ effective("strategies", "spine.day") }}
        group by
            spine.tenant_id,
            spine.strategy_id,
            spine.account_key,
            spine.invested_from,
            spine.month_from
    ),

    moved as (
        select
            counted.strategy_id,
            counted.account_key,
            counted.invested_from,
            cast(date_trunc('month', account_days.business_date) as date) as month_from,
            sum(account_days.deposits_amount) as deposits_amount,
            sum(account_days.withdrawals_amount) as withdrawals_amount,
            sum(account_days.internal_transfers_amount) as transfers_amount,
            sum(account_days.result_amount) as result_amount
        from counted
        inner join
            account_days
            on account_days.account_key = counted.account_key
            and account_days.business_date >= counted.counted_from
            and account_days.business_date < counted.counted_to
        group by
            counted.strategy_id,
            counted.account_key,
            counted.invested_from,
            date_trunc('month', account_days.business_date)
    ),

    -- A fee is no result, under whichever component the platform books it.
    operated as (
        select
            counted.strategy_id,
            counted.account_key,
            counted.invested_from,
            cast(date_trunc('month', deals.business_date) as date) as month_from,
            -- of deals that came, or changed, on a later day than their own
            max(
                case
                    when cast(deals.changed_at_utc as date) > deals.business_date
                    then deals.changed_at_utc
                end
            ) as last_changed_at_utc,
            sum(
                case
                    when
                        not deals.is_trade
                        and (
                            deals.component = 'fee'
                            or (
                                charged.deal_key is not null
                                and deals.component in (
                                    'swap',
                                    'commission',
                                    'commission_round',
                                    'interest',
                                    'dividend',
                                    'tax'
                                )
                            )
                        )
                    then deals.balance_effect_amount
                    else 0
                end
            ) as fee_operations_amount
        from counted
        inner join
            {{ ref("can_deals") }} as deals
            on deals.account_key = counted.account_key
            and deals.business_date >= counted.counted_from
            and deals.business_date < counted.counted_to
        left join
            {{ ref("int_partners__copy_fees_charged") }} as charged
            on charged.deal_key = deals.deal_key
            and charged.business_date = deals.business_date
        group by
            counted.strategy_id,
            counted.account_key,
            counted.invested_from,
            date_trunc('month', deals.business_date)
    )

select
    months.tenant_id,
    counted.server_id,
    months.strategy_id,
    strategies.kind,
    months.account_key,
    accounts.client_key,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    coalesce(accounts.main_currency, 'XXX') as main_currency,
    coalesce(accounts.currency_digits, 2) as currency_digits,
    coalesce(accounts.money_divisor, 1) as money_divisor,
    months.invested_from,
    months.month_from,
    months.month_to,
    months.days,
    {{ days_after("months.month_to", "1") }} = counted.invested_to
    or date_trunc('month', {{ days_after("months.month_to", "1") }})
    > months.month_from as is_final,
    -- the fees of a month are charged in the next one, or before it ends
    case
        when strategies.fees_posted = 'same_month'
        then
            date_trunc('month', {{ days_after("counted.last_date", "1") }})
            > months.month_from
        else
            date_trunc('month', {{ days_after("counted.last_date", "1") }})
            > date_trunc('month', {{ days_after("months.month_from", "31") }})
    end as is_charging_over,
    cast(months.equity_days as decimal(24, 8)) as equity_days,
    months.closing_equity_amount,
    coalesce(moved.deposits_amount, 0) as deposits_amount,
    coalesce(moved.withdrawals_amount, 0) as withdrawals_amount,
    coalesce(moved.transfers_amount, 0) as transfers_amount,
    cast(
        coalesce(moved.result_amount, 0)
        - coalesce(operated.fee_operations_amount, 0) as decimal(24, 8)
    ) as result_amount,
    months.has_management,
    cast(months.managed as decimal(30, 8)) as managed_equity_days,
    cast(
        case
            when months.lowest_rate = months.highest_rate
            then months.highest_rate
            else
                {{
                    ratio(
                        "cast(months.managed as decimal(30, 8))",
                        "cast(months.equity_days as decimal(24, 8))",
                        12,
                    )
                }}
        end as decimal(24, 12)
    ) as management_rate,
    cast(strategies.performance_rate as decimal(10, 8)) as performance_rate,
    strategies.subscription_amount,
    strategies.subscription_currency,
    -- a unit of the subscription's currency in the unit of the account
    case
        when strategies.subscription_currency = accounts.main_currency
        then cast(1 as decimal(24, 12))
        else {{ ratio("fx_subscription.rate", "fx_account.rate", 12) }}
    end as subscription_rate,
    fx_account.rate as rate,
    -- whether a charge would be found: by its comment, or by cTrader's code
    coalesce(accounts.platform = 'ctrader', false)
    or strategies.management_pattern is not null as traces_management,
    coalesce(accounts.platform = 'ctrader', false)
    or strategies.performance_pattern is not null as traces_performance,
    strategies.subscription_pattern is not null as traces_subscription,
    operated.last_changed_at_utc
from months
inner join
    counted
    on counted.strategy_id = months.strategy_id
    and counted.account_key = months.account_key
    and counted.invested_from = months.invested_from
left join accounts on accounts.account_key = months.account_key
left join
    strategies
    on strategies.tenant_id = months.tenant_id
    and strategies.strategy_id = months.strategy_id
    and strategies.valid_from = months.terms_from
left join
    moved
    on moved.strategy_id = months.strategy_id
    and moved.account_key = months.account_key
    and moved.invested_from = months.invested_from
    and moved.month_from = months.month_from
left join
    operated
    on operated.strategy_id = months.strategy_id
    and operated.account_key = months.account_key
    and operated.invested_from = months.invested_from
    and operated.month_from = months.month_from
left join
    fx as fx_account
    on fx_account.business_date = months.month_to
    and fx_account.currency = accounts.main_currency
left join
    fx as fx_subscription
    on fx_subscription.business_date = months.month_to
    and fx_subscription.currency = strategies.subscription_currency
