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
            ) as min_withdrawn_ratio
        from {{ ref("int_compliance__parameters_keyed") }}
        where scenario_id = 'A2'
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
        where scenario_id = 'A2'
    ),

    anchors as (
        select distinct
            movements.rule_key,
            movements.tenant_id,
            movements.subject_key,
            movements.executed_at_utc as window_from,
            parameters.window_hours,
            parameters.min_withdrawn_ratio
        from movements
        inner join parameters on parameters.rule_key = movements.rule_key
        where movements.kind = 'deposit'
    ),

    -- A window starts at a deposit and still holds what comes exactly window_hours
    -- later;
    -- a withdrawal counts only after that deposit.
    pairs as (
        select
            anchors.rule_key,
            anchors.tenant_id,
            anchors.subject_key,
            anchors.window_from,
            anchors.window_hours,
            anchors.min_withdrawn_ratio,
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
            and movements.executed_at_utc
            <= {{ minutes_after("anchors.window_from", "anchors.window_hours * 60") }}
        where
            movements.kind = 'deposit'
            or movements.executed_at_utc > anchors.window_from
    ),

    hits as (
        select tenant_id, subject_key, window_from, max(executed_at_utc) as window_to
        from pairs
        group by tenant_id, subject_key, window_from, min_withdrawn_ratio
        having
            sum(case when kind = 'withdrawal' then amount_reporting else 0 end) > 0
            and sum(case when kind = 'withdrawal' then amount_reporting else 0 end)
            >= sum(case when kind = 'deposit' then amount_reporting else 0 end)
            * min_withdrawn_ratio
    )

select
    'A2' as scenario_id,
    pairs.rule_key,
    pairs.tenant_id,
    pairs.subject_key,
    pairs.window_from,
    hits.window_to,
    pairs.window_hours,
    pairs.deal_key,
    'withdrawal' as alerted_kind,
    '' as detail,
    cast(0 as decimal(38, 8)) as traded_lots
from pairs
inner join
    hits
    on hits.tenant_id = pairs.tenant_id
    and hits.subject_key = pairs.subject_key
    and hits.window_from = pairs.window_from
