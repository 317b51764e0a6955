with
    alerts as (
        select
            alert_key,
            tenant_id,
            scenario_id,
            scenario_name,
            client_key,
            account_key,
            first_at_utc,
            last_at_utc,
            amount_reporting,
            parameters,
            reason,
            evidence_keys,
            rule_valid_from
        from {{ ref("int_compliance__alerts_described") }}
    )

select
    alert_key,
    tenant_id,
    scenario_id,
    scenario_name,
    client_key,
    account_key,
    first_at_utc,
    last_at_utc,
    cast(last_at_utc as date) as alert_date,
    amount_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency,
    parameters,
    reason,
    evidence_keys,
    rule_valid_from
from alerts
