{{ config(materialized="view") }}

with
    parameters as (
        select
            rule_key,
            cast(
                max(
                    case when parameter = 'window_hours' then numeric_value end
                ) as integer
            ) as window_hours,
            max(
                case when parameter = 'min_withdrawn_ratio' then numeric_value end
            ) as min_withdrawn_ratio,
            max(
                case when parameter = 'min_lots_per_1000' then numeric_value end
            ) as min_lots_per_1000
        from {{ ref("int_compliance__parameters_keyed") }}
        where scenario_id = 'A3'
        group by rule_key
    ),

    movements as (
        select
            rule_key,
            tenant_id,
            subject_key,
            deal_key,
            executed_at_utc,
            kind,
            amount_reporting
        from {{ ref("int_compliance__movements_ruled") }}
        where scenario_id = 'A3'
    ),

    anchors as (
        select distinct
            movements.rule_key,
            movements.tenant_id,
            movements.subject_key,
            movements.executed_at_utc as window_from,
            {{
                minutes_after(
                    "movements.executed_at_utc", "parameters.window_hours * 60"
                )
            }} as window_end,
            parameters.window_hours,
            parameters.min_withdrawn_ratio,
            parameters.min_lots_per_1000
        from movements
        inner join parameters on parameters.rule_key = movements.rule_key
        where movements.kind = 'deposit'
    ),

    pairs as (
        select
            anchors.rule_key,
            anchors.tenant_id,
            anchors.subject_key,
            anchors.window_from,
            anchors.window_end,
            anchors.window_hours,
            anchors.min_withdrawn_ratio,
            anchors.min_lots_per_1000,
            movements.deal_key,
            movements.executed_at_utc,
            movements.kind,
            movements.amount_reporting
        from anchors
        inner join
            movements
            on movements.tenant_id = anchors.tenant_id
            and movements.subject_key = anchors.subject_key
            and movements.executed_at_utc >= anchors.window_from
            and movements.executed_at_utc <= anchors.window_end
        where
            movements.kind = 'deposit'
            or movements.executed_at_utc > anchors.window_from
    ),

    -- Money first: few windows are left when the deals are looked at.
    withdrawn as (
        select
            tenant_id,
            subject_key,
            window_from,
            window_end,
            min_lots_per_1000,
            max(executed_at_utc) as window_to,
            sum(
                case when kind = 'deposit' then amount_reporting else 0 end
            ) as deposited
        from pairs
        group by
            tenant_id,
            subject_key,
            window_from,
            window_end,
            min_withdrawn_ratio,
            min_lots_per_1000
        having
            sum(case when kind = 'withdrawal' then amount_reporting else 0 end) > 0
            and sum(case when kind = 'withdrawal' then amount_reporting else 0 end)
            >= sum(case when kind = 'deposit' then amount_reporting else 0 end)
            * min_withdrawn_ratio
    ),

    subject_accounts as (
        select
            accounts.tenant_id,
            coalesce(accounts.client_key, accounts.account_key) as subject_key,
            accounts.account_key,
            accounts.money_divisor
        from {{ ref("can_accounts") }} as accounts
        inner join
            (select distinct subject_key from withdrawn) as subjects
            on subjects.subject_key
            = coalesce(accounts.client_key, accounts.account_key)
        where not coalesce(accounts.is_excluded, false)
    ),

    trades as (
        select
            subject_accounts.tenant_id,
            subject_accounts.subject_key,
            deals.executed_at_utc,
            -- Opening and closing deals both count; a cent lot is a hundredth of a lot.
            case
                when subject_accounts.money_divisor = 100
                then cast(deals.volume_lots * 0.01 as decimal(24, 8))
                else cast(deals.volume_lots as decimal(24, 8))
            end as lots
        from {{ ref("can_deals") }} as deals
        inner join subject_accounts on subject_accounts.account_key = deals.account_key
        where deals.is_turnover
    ),

    hits as (
        select
            withdrawn.tenant_id,
            withdrawn.subject_key,
            withdrawn.window_from,
            withdrawn.window_to,
            coalesce(sum(trades.lots), 0) as traded_lots
        from withdrawn
        left join
            trades
            on trades.tenant_id = withdrawn.tenant_id
            and trades.subject_key = withdrawn.subject_key
            and trades.executed_at_utc >= withdrawn.window_from
            and trades.executed_at_utc <= withdrawn.window_end
        group by
            withdrawn.tenant_id,
            withdrawn.subject_key,
            withdrawn.window_from,
            withdrawn.window_to,
            withdrawn.deposited,
            withdrawn.min_lots_per_1000
        having
            coalesce(sum(trades.lots), 0) * 1000
            < withdrawn.deposited * withdrawn.min_lots_per_1000
    )

select
    'A3' as scenario_id,
    pairs.rule_key,
    pairs.tenant_id,
    pairs.subject_key,
    pairs.window_from,
    hits.window_to,
    pairs.window_hours,
    pairs.deal_key,
    'withdrawal' as alerted_kind,
    '' as detail,
    cast(hits.traded_lots as decimal(38, 8)) as traded_lots
from pairs
inner join
    hits
    on hits.tenant_id = pairs.tenant_id
    and hits.subject_key = pairs.subject_key
    and hits.window_from = pairs.window_from
