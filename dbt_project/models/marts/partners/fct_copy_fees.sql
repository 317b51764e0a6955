{%- set kept = [
    "tenant_id",
    "server_id",
    "strategy_id",
    "kind",
    "account_key",
    "client_key",
    "account_currency",
    "main_currency",
    "currency_digits",
    "money_divisor",
    "invested_from",
    "month_from",
    "month_to",
    "days",
    "is_final",
    "is_charging_over",
    "closing_equity_amount",
    "deposits_amount",
    "withdrawals_amount",
    "transfers_amount",
    "result_amount",
    "has_management",
    "management_rate",
    "performance_rate",
    "subscription_amount",
    "subscription_currency",
    "rate",
    "traces_management",
    "traces_performance",
    "traces_subscription",
    "last_changed_at_utc",
] -%}
{%- set reckoned = ["average_equity_amount", "management_due", "subscription_due"] -%}
{%- set performed = ["net_result_to_date", "mark_before"] -%}
{%- set of_investment = "partition by tenant_id, strategy_id, account_key, invested_from order by month_from" -%}
{%- set of_row -%}
    fees.tenant_id = {side}.tenant_id
    and fees.strategy_id = {side}.strategy_id
    and fees.account_key = {side}.account_key
    and fees.invested_from = {side}.invested_from
    and fees.month_from = {side}.month_from
    and fees.fee_kind = {side}.fee_kind
{%- endset -%}
-- The high-water mark is the highest result to date, after management fees and
-- subscriptions: what is paid in or out does not move it. Every month is reckoned anew
-- in each build: a late deal changes its month and those after it.
with
    months as (
        select
            {% for column in kept %} {{ column }}, {% endfor %}
            {{ ratio("equity_days", "days") }} as average_equity_amount,
            case
                when has_management
                then
                    {{
                        rounded_decimal(
                            ratio("managed_equity_days", "365"), "currency_digits", 24
                        )
                    }}
                else cast(0 as decimal(24, 8))
            end as management_due,
            {{
                rounded_decimal(
                    "coalesce(cast(cast(subscription_amount as decimal(18, 8)) * subscription_rate as decimal(24, 8)) * money_divisor, 0)",
                    "currency_digits",
                    24,
                )
            }}
            as subscription_due
        from {{ ref("int_partners__copy_months_measured") }}
    ),

    summed as (
        select
            {% for column in kept + reckoned %} {{ column }}, {% endfor %}
            cast(
                sum(result_amount - management_due - subscription_due) over (
                    {{ of_investment }} rows between unbounded preceding and current row
                ) as decimal(24, 8)
            ) as net_result_to_date
        from months
    ),

    marked as (
        select
            {% for column in kept + reckoned %} {{ column }}, {% endfor %}
            net_result_to_date,
            greatest(
                coalesce(
                    max(net_result_to_date) over (
                        {{ of_investment }}
                        rows between unbounded preceding and 1 preceding
                    ),
                    0
                ),
                0
            ) as mark_before
        from summed
    ),

    kinds as (
        select
            {% for column in kept + reckoned + performed %} {{ column }}, {% endfor %}
            'management' as fee_kind,
            has_management as is_agreed,
            traces_management as is_traced,
            average_equity_amount as base_amount,
            management_rate as fee_rate,
            management_due as due_amount
        from marked
        union all
        select
            {% for column in kept + reckoned + performed %} {{ column }}, {% endfor %}
            'performance' as fee_kind,
            performance_rate is not null as is_agreed,
            traces_performance as is_traced,
            greatest(net_result_to_date - mark_before, 0) as base_amount,
            cast(performance_rate as decimal(24, 12)) as fee_rate,
            {{
                rounded_decimal(
                    "coalesce(performance_rate, 0) * cast(greatest(net_result_to_date - mark_before, 0) as decimal(24, 8))",
                    "currency_digits",
                    24,
                )
            }}
            as due_amount
        from marked
        union all
        select
            {% for column in kept + reckoned + performed %} {{ column }}, {% endfor %}
            'subscription' as fee_kind,
            subscription_amount is not null as is_agreed,
            traces_subscription as is_traced,
            coalesce(subscription_amount, 0) as base_amount,
            cast(null as decimal(24, 12)) as fee_rate,
            subscription_due as due_amount
        from marked
        union all
        select
            {% for column in kept + reckoned + performed %} {{ column }}, {% endfor %}
            'volume' as fee_kind,
            false as is_agreed,
            true as is_traced,
            cast(0 as decimal(24, 8)) as base_amount,
            cast(null as decimal(24, 12)) as fee_rate,
            cast(0 as decimal(24, 8)) as due_amount
        from marked
    ),

    operations as (
        select
            charged.tenant_id,
            charged.strategy_id,
            charged.account_key,
            charged.invested_from,
            charged.month_from,
            charged.fee_kind,
            charged.deal_key,
            charged.business_date,
            charged.executed_at_utc,
            charged.charged_amount,
            {{ to_reporting("charged.charged_amount", "fx", "accounts.money_divisor") }}
            as charged_reporting
        from {{ ref("int_partners__copy_fees_charged") }} as charged
        left join
            {{ ref("can_accounts") }} as accounts
            on accounts.account_key = charged.account_key
        left join
            {{ ref("can_fx_to_reporting") }} as fx
            on fx.business_date = charged.business_date
            and fx.currency = accounts.main_currency
    ),

    shared as (
        select deal_key, business_date, sum(amount_reporting) as amount_reporting
        from {{ ref("fct_commission_ledger") }}
        where model = 'copy_fee_share'
        group by deal_key, business_date
    ),

    charged as (
        select
            operations.tenant_id,
            operations.strategy_id,
            operations.account_key,
            operations.invested_from,
            operations.month_from,
            operations.fee_kind,
            cast(count(*) as integer) as operations,
            min(operations.executed_at_utc) as charged_at_utc,
            sum(operations.charged_amount) as charged_amount,
            case
                when count(operations.charged_reporting) = count(*)
                then sum(operations.charged_reporting)
            end as charged_reporting,
            sum(coalesce(shared.amount_reporting, 0)) as partners_reporting
        from operations
        left join
            shared
            on shared.deal_key = operations.deal_key
            and shared.business_date = operations.business_date
        group by
            operations.tenant_id,
            operations.strategy_id,
            operations.account_key,
            operations.invested_from,
            operations.month_from,
            operations.fee_kind
    ),

    -- a deal of an earlier month moves the mark too
    changed as (
        select
            tenant_id,
            strategy_id,
            account_key,
            invested_from,
            month_from,
            max(last_changed_at_utc) over (
                {{ of_investment }} rows between unbounded preceding and current row
            ) as last_changed_at_utc
        from marked
    )

select
    fees.tenant_id
    || '/'
    || fees.strategy_id
    || '|'
    || fees.account_key
    || '|'
    || cast(fees.invested_from as varchar)
    || '|'
    || cast(fees.month_from as varchar)
    || '|'
    || fees.fee_kind as copy_fee_key,
    fees.tenant_id,
    fees.tenant_id || '/' || fees.strategy_id as strategy_key,
    fees.strategy_id,
    fees.kind as strategy_kind,
    fees.server_id,
    fees.account_key,
    fees.client_key,
    fees.account_currency,
    fees.main_currency,
    cast(fees.currency_digits as integer) as currency_digits,
    cast(fees.money_divisor as integer) as money_divisor,
    fees.invested_from,
    fees.month_from,
    fees.month_to,
    fees.days,
    fees.is_final,
    fees.fee_kind,
    cast(fees.average_equity_amount as decimal(24, 8)) as average_equity_amount,
    cast(fees.closing_equity_amount as decimal(38, 8)) as closing_equity_amount,
    cast(fees.deposits_amount as decimal(38, 8)) as deposits_amount,
    cast(fees.withdrawals_amount as decimal(38, 8)) as withdrawals_amount,
    cast(fees.transfers_amount as decimal(38, 8)) as transfers_amount,
    fees.result_amount,
    fees.net_result_to_date as net_result_to_date_amount,
    cast(fees.mark_before as decimal(24, 8)) as mark_before_amount,
    cast(
        greatest(fees.mark_before, fees.net_result_to_date) as decimal(24, 8)
    ) as mark_after_amount,
    cast(fees.base_amount as decimal(24, 8)) as base_amount,
    case
        when fees.fee_kind = 'subscription'
        then fees.subscription_currency
        else fees.account_currency
    end as base_currency,
    fees.fee_rate,
    fees.due_amount,
    {{ to_reporting("fees.due_amount", "fees", "fees.money_divisor") }}
    as due_amount_reporting,
    coalesce(charged.operations, 0) as charged_operations,
    cast(coalesce(charged.charged_amount, 0) as decimal(38, 8)) as charged_amount,
    cast(
        case
            when charged.operations is null then 0 else charged.charged_reporting
        end as decimal(38, 8)
    ) as charged_amount_reporting,
    cast(
        coalesce(charged.charged_amount, 0) - fees.due_amount as decimal(38, 8)
    ) as difference_amount,
    cast(
        coalesce(charged.partners_reporting, 0) as decimal(38, 8)
    ) as partners_amount_reporting,
    cast(
        case
            when charged.operations is null
            then 0
            else charged.charged_reporting - charged.partners_reporting
        end as decimal(38, 8)
    ) as left_amount_reporting,
    case
        when fees.fee_kind = 'volume'
        then 'not_reckoned'
        when not fees.is_final
        then 'running'
        when coalesce(charged.charged_amount, 0) = fees.due_amount
        then 'agrees'
        when charged.operations is null and not fees.is_traced
        then 'untraced'
        when charged.operations is null and not fees.is_charging_over
        then 'awaited'
        when changed.last_changed_at_utc > charged.charged_at_utc
        then 'restated'
        else 'differs'
    end as charge_state,
    case
        when fees.due_amount <> 0
        then null
        when not fees.is_agreed
        then 'no such fee is agreed'
        when fees.fee_kind = 'management' and fees.base_amount = 0
        then 'no equity'
        when
            fees.fee_kind = 'performance' and fees.net_result_to_date < fees.mark_before
        then
            'below the high-water mark by '
            || {{
                amount_told(
                    "fees.mark_before - fees.net_result_to_date",
                    "fees.currency_digits",
                )
            }}
        when fees.fee_kind = 'performance' and fees.base_amount = 0
        then 'at the high-water mark'
        when
            fees.fee_kind = 'subscription'
            and fees.base_amount <> 0
            and fees.rate is null
        then 'no rate of the day converts the subscription'
        when fees.fee_rate = 0 or fees.base_amount = 0
        then 'the fee agreed is zero'
        else 'rounds to nothing'
    end as reason
from kinds as fees
left join charged on {{ of_row.replace("{side}", "charged") }}
left join
    changed
    on changed.tenant_id = fees.tenant_id
    and changed.strategy_id = fees.strategy_id
    and changed.account_key = fees.account_key
    and changed.invested_from = fees.invested_from
    and changed.month_from = fees.month_from
where fees.is_agreed or charged.operations > 0
