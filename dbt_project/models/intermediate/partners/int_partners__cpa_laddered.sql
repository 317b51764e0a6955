{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
{% set kept = [
    "tenant_id",
    "server_id",
    "business_date",
    "deal_key",
    "account_key",
    "client_key",
    "executed_at_utc",
    "is_excluded",
    "partner_key",
    "partner_id",
    "level",
    "partner_path",
    "blocked_reason",
    "agreement_id",
    "currency",
    "hybrid_ratio",
    "activity_minimum_lots",
    "clawback_on_chargeback",
    "clawback_days",
] %}
-- A client's net deposit climbs a ladder each month: each deposit or withdrawal pays,
-- or
-- takes back, the difference between the steps before and after it.
with
    movements as (
        select
            movements.tenant_id,
            movements.server_id,
            movements.business_date,
            movements.deal_key,
            movements.account_key,
            movements.client_key,
            movements.executed_at_utc,
            movements.amount_reporting
        from {{ ref("can_cash_movements") }} as movements
        {% if is_incremental() %}
            inner join
                {{ ref("int_partners__days_touched") }} as days
                on days.tenant_id = movements.tenant_id
                and days.server_id = movements.server_id
                and days.business_date = movements.business_date
        {% endif %}
        where movements.kind in ('deposit', 'withdrawal')
    ),

    deals as (select deal_key, deal_id from {{ ref("can_deals") }} where not is_trade),

    accounts as (
        select account_key, group_name, is_excluded from {{ ref("can_accounts") }}
    ),

    agreements as (
        select
            tenant_id,
            tenant_id || '/' || partner_id as partner_key,
            level,
            agreement_id,
            currency,
            hybrid_ratio,
            activity_minimum_lots,
            clawback_on_chargeback,
            clawback_days,
            account_group_pattern,
            valid_from,
            valid_to
        from {{ ref("stg_crm__partner_agreements") }}
        where model = 'cpa'
    ),

    tiers as (
        select tenant_id, agreement_id, tier, lower_bound, upper_bound, rate
        from {{ ref("stg_crm__partner_tiers") }}
    ),

    traded as (
        select
            client_key,
            date_trunc('month', business_date) as month_from,
            sum(closed_lots) as lots
        from {{ ref("int_partners__deals_measured") }}
        where deal_reason is null and tenant_id in (select tenant_id from agreements)
        group by client_key, date_trunc('month', business_date)
    ),

    matched as (
        select
            movements.tenant_id,
            movements.server_id,
            movements.business_date,
            movements.deal_key,
            movements.account_key,
            movements.client_key,
            movements.executed_at_utc,
            movements.amount_reporting,
            accounts.is_excluded,
            paths.partner_key,
            paths.partner_id,
            paths.level,
            paths.partner_path,
            paths.blocked_reason,
            agreements.agreement_id,
            agreements.currency,
            agreements.hybrid_ratio,
            agreements.activity_minimum_lots,
            agreements.clawback_on_chargeback,
            agreements.clawback_days,
            row_number() over (
                partition by
                    movements.deal_key,
                    movements.business_date,
                    paths.partner_key,
                    paths.level
                order by
                    length(agreements.account_group_pattern) desc,
                    agreements.agreement_id
            ) as preference
        from movements
        inner join accounts on accounts.account_key = movements.account_key
        inner join
            {{ ref("int_partners__tree_paths") }} as paths
            on paths.client_key = movements.client_key
            and paths.valid_from <= movements.business_date
            and paths.valid_to > movements.business_date
        inner join
            agreements
            on agreements.partner_key = paths.partner_key
            and agreements.level = paths.level
            and {{ effective("agreements", "movements.business_date") }}
            and {{
                matches_pattern(
                    "accounts.group_name", "agreements.account_group_pattern"
                )
            }}
    ),

    netted as (
        select
            {% for column in kept %} matched.{{ column }}, {% endfor %}
            cast(
                sum(
                    {{
                        ratio(
                            "cast(matched.amount_reporting as decimal(24, 8))",
                            "fx.rate",
                        )
                    }}
                ) over (
                    partition by
                        matched.client_key,
                        matched.agreement_id,
                        date_trunc('month', matched.business_date)
                    order by matched.executed_at_utc, matched.deal_key
                    rows between unbounded preceding and current row
                ) as decimal(24, 8)
            ) as net_deposit
        from matched
        left join
            {{ ref("can_fx_to_reporting") }} as fx
            on fx.business_date = matched.business_date
            and fx.currency = matched.currency
        where matched.preference = 1
    ),

    stepped as (
        select
            {% for column in kept %} netted.{{ column }}, {% endfor %}
            tiers.tier,
            coalesce(
                case when netted.net_deposit > 0 then tiers.rate end, 0
            ) as step_amount,
            tiers.agreement_id is null as is_without_tiers
        from netted
        left join
            tiers
            on tiers.tenant_id = netted.tenant_id
            and tiers.agreement_id = netted.agreement_id
            and tiers.lower_bound <= greatest(netted.net_deposit, 0)
            and coalesce(tiers.upper_bound, cast(9999999999999999 as decimal(24, 8)))
            > greatest(netted.net_deposit, 0)
    ),

    climbed as (
        select
            {% for column in kept %} stepped.{{ column }}, {% endfor %}
            stepped.tier,
            stepped.is_without_tiers,
            stepped.step_amount - coalesce(
                lag(stepped.step_amount) over (
                    partition by
                        stepped.client_key,
                        stepped.agreement_id,
                        date_trunc('month', stepped.business_date)
                    order by stepped.executed_at_utc, stepped.deal_key
                ),
                0
            ) as step_change
        from stepped
    )

select
    climbed.tenant_id,
    climbed.server_id,
    climbed.business_date,
    climbed.deal_key,
    deals.deal_id,
    climbed.account_key,
    climbed.client_key,
    climbed.executed_at_utc,
    climbed.partner_key,
    climbed.partner_id,
    climbed.level,
    climbed.partner_path,
    climbed.agreement_id,
    climbed.currency as amount_currency,
    climbed.tier,
    cast(
        case when climbed.step_change < 0 then -1 else 1 end as decimal(24, 8)
    ) as base_quantity,
    cast(abs(climbed.step_change) * climbed.hybrid_ratio as decimal(24, 12)) as rate,
    case
        when climbed.is_excluded
        then 'excluded account'
        when climbed.blocked_reason is not null
        then
            climbed.blocked_reason
            {{ when_clawed_back("climbed", "climbed.business_date") }}
        when climbed.is_without_tiers
        then 'the agreement has no valid tiers'
        when coalesce(traded.lots, 0) < climbed.activity_minimum_lots
        then
            'the client has closed '
            || cast(coalesce(traded.lots, 0) as decimal(24, 2))
            || ' lots in the month, '
            || cast(climbed.activity_minimum_lots as decimal(24, 2))
            || ' are needed'
        when climbed.step_change = 0
        then 'no other step of the ladder is reached'
    end as reason
from climbed
left join deals on deals.deal_key = climbed.deal_key
left join
    traded
    on traded.client_key = climbed.client_key
    and traded.month_from = date_trunc('month', climbed.business_date)
left join
    {{ ref("int_partners__clawbacks_dated") }} as clawbacks
    on clawbacks.client_key = climbed.client_key
    and clawbacks.valid_from <= climbed.business_date
    and clawbacks.valid_to > climbed.business_date
