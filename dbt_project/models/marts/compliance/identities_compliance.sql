{{ config(materialized="view", schema="meta") }}

with
    alerts as (
        select tenant_id, alert_key, scenario_id, amount_reporting
        from {{ ref("fct_alerts") }}
    ),

    evidence as (
        select alert_key, evidence_key, evidence_type, amount_reporting
        from {{ ref("fct_alert_evidence") }}
    ),

    movements as (select deal_key from {{ ref("can_cash_movements") }}),

    supported as (
        select
            alerts.tenant_id,
            alerts.alert_key,
            alerts.amount_reporting as alert_amount,
            count(evidence.evidence_key) as evidence_count,
            count(movements.deal_key) as found_count,
            coalesce(
                sum(
                    case
                        when evidence.evidence_type = 'deposit'
                        then evidence.amount_reporting
                    end
                ),
                0
            ) as deposited_amount,
            coalesce(
                sum(
                    case
                        when evidence.evidence_type = 'withdrawal'
                        then evidence.amount_reporting
                    end
                ),
                0
            ) as withdrawn_amount
        from alerts
        left join evidence on evidence.alert_key = alerts.alert_key
        left join movements on movements.deal_key = evidence.evidence_key
        group by alerts.tenant_id, alerts.alert_key, alerts.amount_reporting
    ),

    identities as (
        select
            'alerts_have_evidence' as identity_id,
            'Each alert rests on cash movements that are in the books and add up to its amount'
            as what
    ),

    counted as (
        select
            'alerts_have_evidence' as identity_id,
            tenant_id,
            cast(count(*) as bigint) as population,
            cast(
                sum(
                    case
                        when
                            evidence_count = 0
                            or evidence_count <> found_count
                            or alert_amount not in (deposited_amount, withdrawn_amount)
                        then 1
                        else 0
                    end
                ) as bigint
            ) as broken,
            cast(
                max(
                    least(
                        abs(deposited_amount - alert_amount),
                        abs(withdrawn_amount - alert_amount)
                    )
                ) as decimal(38, 8)
            ) as worst,
            cast(sum(alert_amount) as decimal(38, 8)) as sum_left,
            cast(
                sum(
                    case
                        when deposited_amount = alert_amount
                        then deposited_amount
                        else withdrawn_amount
                    end
                ) as decimal(38, 8)
            ) as sum_right
        from supported
        group by tenant_id
    )

-- An identity that nothing could be checked on is listed too, with a population of
-- zero.
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    '' as server_id,
    cast(null as date) as business_date,
    coalesce(counted.population, 0) as population,
    coalesce(counted.broken, 0) as broken,
    counted.worst,
    counted.sum_left,
    counted.sum_right
from identities
left join counted on counted.identity_id = identities.identity_id
