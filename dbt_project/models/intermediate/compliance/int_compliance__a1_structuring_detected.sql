{{ config(materialized="view") }}

with
    parameters as (
        select
            rule_key,
            max(
                case when parameter = 'threshold_amount' then numeric_value end
            ) as threshold_amount,
            max(
                case when parameter = 'lower_share' then numeric_value end
            ) as lower_share,
            max(
                case when parameter = 'min_deposits' then numeric_value end
            ) as min_deposits,
            cast(
                max(
                    case when parameter = 'window_hours' then numeric_value end
                ) as integer
            ) as window_hours,
            cast(
                max(
                    case when parameter = 'second_window_hours' then numeric_value end
                ) as integer
            ) as second_window_hours
        from {{ ref("int_compliance__parameters_keyed") }}
        where scenario_id = 'A1'
        group by rule_key
    ),

    movements as (
        select
            rule_key,
            tenant_id,
            subject_key,
            deal_key,
            executed_at_utc,
            amount_reporting
        from {{ ref("int_compliance__movements_ruled") }}
        where scenario_id = 'A1' and kind = 'deposit'
    ),

    -- From the lower share of the threshold, included, up to the threshold, excluded.
    candidates as (
        select
            movements.rule_key,
            movements.tenant_id,
            movements.subject_key,
            movements.deal_key,
            movements.executed_at_utc,
            movements.amount_reporting,
            parameters.threshold_amount,
            cast(
                parameters.threshold_amount * parameters.lower_share as decimal(24, 8)
            ) as lower_amount,
            parameters.min_deposits,
            parameters.window_hours,
            parameters.second_window_hours
        from movements
        inner join parameters on parameters.rule_key = movements.rule_key
        where
            movements.amount_reporting < parameters.threshold_amount
            and movements.amount_reporting
            >= parameters.threshold_amount * parameters.lower_share
    ),

    tiers as (
        select
            rule_key,
            tenant_id,
            subject_key,
            executed_at_utc,
            threshold_amount,
            lower_amount,
            min_deposits,
            window_hours
        from candidates
        union all
        select
            rule_key,
            tenant_id,
            subject_key,
            executed_at_utc,
            threshold_amount,
            lower_amount,
            min_deposits,
            second_window_hours as window_hours
        from candidates
    ),

    anchors as (select distinct * from tiers),

    -- A window starts at a deposit and still holds what comes exactly window_hours
    -- later.
    pairs as (
        select
            anchors.rule_key,
            anchors.tenant_id,
            anchors.subject_key,
            anchors.executed_at_utc as window_from,
            anchors.window_hours,
            anchors.threshold_amount,
            anchors.lower_amount,
            anchors.min_deposits,
            candidates.deal_key,
            candidates.executed_at_utc,
            candidates.amount_reporting
        from anchors
        inner join
            candidates
            on candidates.tenant_id = anchors.tenant_id
            and candidates.subject_key = anchors.subject_key
            and candidates.executed_at_utc >= anchors.executed_at_utc
            and candidates.executed_at_utc
            <=
            {{ minutes_after("anchors.executed_at_utc", "anchors.window_hours * 60") }}
    ),

    hits as (
        select
            tenant_id,
            subject_key,
            window_from,
            window_hours,
            max(executed_at_utc) as window_to
        from pairs
        group by
            tenant_id,
            subject_key,
            window_from,
            window_hours,
            min_deposits,
            threshold_amount
        having count(*) >= min_deposits and sum(amount_reporting) >= threshold_amount
    )

select
    'A1' as scenario_id,
    pairs.rule_key,
    pairs.tenant_id,
    pairs.subject_key,
    pairs.window_from,
    hits.window_to,
    pairs.window_hours,
    pairs.deal_key,
    'deposit' as alerted_kind,
    'between '
    || format('{:,.2f}', pairs.lower_amount)
    || ' and '
    || format('{:,.2f}', pairs.threshold_amount - 0.01)
    || ' {currency}' as detail,
    cast(0 as decimal(38, 8)) as traded_lots
from pairs
inner join
    hits
    on hits.tenant_id = pairs.tenant_id
    and hits.subject_key = pairs.subject_key
    and hits.window_from = pairs.window_from
    and hits.window_hours = pairs.window_hours
