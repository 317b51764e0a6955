with
    episodes as (
        select scenario_id, tenant_id, subject_key, episode_number, deal_key
        from {{ ref("int_compliance__episodes_merged") }}
    ),

    alerts as (
        select alert_key, scenario_id, tenant_id, subject_key, episode_number
        from {{ ref("int_compliance__alerts_described") }}
    ),

    movements as (
        select
            scenario_id,
            deal_key,
            account_key,
            executed_at_utc,
            kind,
            amount,
            account_currency,
            amount_reporting,
            request_id,
            method
        from {{ ref("int_compliance__movements_ruled") }}
    )

select
    alerts.tenant_id,
    alerts.alert_key,
    movements.kind as evidence_type,
    movements.deal_key as evidence_key,
    movements.account_key,
    movements.executed_at_utc as at_utc,
    cast(movements.amount as decimal(24, 8)) as amount,
    movements.account_currency as currency,
    movements.amount_reporting,
    movements.kind
    || ' of '
    || format('{:,.2f}', round(abs(movements.amount), 2))
    || ' '
    || movements.account_currency
    || ' on account '
    || movements.account_key
    || coalesce(' by ' || movements.method, '')
    || coalesce(', request ' || movements.request_id, '') as description
from episodes
inner join
    alerts
    on alerts.scenario_id = episodes.scenario_id
    and alerts.tenant_id = episodes.tenant_id
    and alerts.subject_key = episodes.subject_key
    and alerts.episode_number = episodes.episode_number
inner join
    movements
    on movements.scenario_id = episodes.scenario_id
    and movements.deal_key = episodes.deal_key
