{{ config(materialized="view") }}

with
    parameters as (
        select
            rule_key,
            scenario_id,
            name,
            description,
            parameter,
            stated_value,
            tenant_id,
            risk_class,
            valid_from,
            valid_to
        from {{ ref("int_compliance__parameters_keyed") }}
    )

select
    rule_key,
    scenario_id,
    tenant_id,
    risk_class,
    valid_from,
    valid_to,
    max(name) as name,
    max(description) as description,
    max(case when parameter = 'reason' then stated_value end) as reason_template,
    '{' || string_agg(
        case
            when parameter <> 'reason' then '"' || parameter || '": ' || stated_value
        end,
        ', '
        order by parameter
    )
    || '}' as parameters
from parameters
group by rule_key, scenario_id, tenant_id, risk_class, valid_from, valid_to
