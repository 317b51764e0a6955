{{ config(materialized="view") }}

with
    rules as (
        select
            scenario_id,
            name,
            description,
            parameter,
            value,
            tenant_id,
            risk_class,
            valid_from,
            valid_to
        from {{ ref("rul_aml_scenarios") }}
    )

-- A version of a scenario is all its parameters that share tenant, risk class and
-- dates.
select
    scenario_id
    || '|'
    || tenant_id
    || '|'
    || risk_class
    || '|'
    || cast(valid_from as varchar) as rule_key,
    scenario_id,
    name,
    description,
    parameter,
    value as stated_value,
    case
        when parameter <> 'reason' then cast(value as decimal(24, 8))
    end as numeric_value,
    tenant_id,
    risk_class,
    valid_from,
    valid_to
from rules
