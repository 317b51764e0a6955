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
    )

select
    'compliance.alerts_have_evidence' as identity_id,
    'Each alert rests on cash movements that are in the books and add up to its amount'
    as what,
    tenant_id,
    cast(null as varchar) as server_id,
    cast(null as date) as business_date,
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
