{{ config(materialized="view") }}

with
    movements as (
        select
            deal_key,
            account_key,
            client_key,
            executed_at_utc,
            kind,
            amount,
            account_currency,
            amount_reporting,
            request_id,
            method
        from {{ ref("can_cash_movements") }}
        where kind in ('deposit', 'withdrawal')
    ),

    accounts as (
        select account_key, tenant_id, is_excluded from {{ ref("can_accounts") }}
    ),

    clients as (select client_key, risk_class from {{ ref("can_clients") }}),

    scenarios as (
        select scenario_id, rule_key, tenant_id, risk_class, valid_from, valid_to
        from {{ ref("int_compliance__scenarios_versioned") }}
    ),

    described as (
        select
            accounts.tenant_id,
            -- All accounts of a client are watched together; an account that no client
            -- claims is watched on its own.
            coalesce(movements.client_key, movements.account_key) as subject_key,
            movements.client_key,
            movements.account_key,
            movements.deal_key,
            movements.executed_at_utc,
            movements.kind,
            movements.amount,
            movements.account_currency,
            cast(abs(movements.amount_reporting) as decimal(24, 8)) as amount_reporting,
            movements.request_id,
            movements.method,
            coalesce(clients.risk_class, '') as risk_class
        from movements
        left join accounts on accounts.account_key = movements.account_key
        left join clients on clients.client_key = movements.client_key
        where not coalesce(accounts.is_excluded, false)
    ),

    ruled as (
        select
            scenarios.scenario_id,
            scenarios.rule_key,
            described.tenant_id,
            described.subject_key,
            described.client_key,
            described.account_key,
            described.deal_key,
            described.executed_at_utc,
            described.kind,
            described.amount,
            described.account_currency,
            described.amount_reporting,
            described.request_id,
            described.method,
            -- The rule made for the tenant and the risk class wins over the general
            -- one.
            row_number() over (
                partition by described.deal_key, scenarios.scenario_id
                order by
                    case when scenarios.tenant_id = '*' then 1 else 0 end,
                    case when scenarios.risk_class = '*' then 1 else 0 end,
                    scenarios.valid_from desc
            ) as preference
        from described
        inner join
            scenarios
            on scenarios.tenant_id in ('*', described.tenant_id)
            and scenarios.risk_class in ('*', described.risk_class)
            and {{ effective("scenarios", "cast(described.executed_at_utc as date)") }}
    )

select
    scenario_id,
    rule_key,
    tenant_id,
    subject_key,
    client_key,
    account_key,
    deal_key,
    executed_at_utc,
    kind,
    amount,
    account_currency,
    amount_reporting,
    request_id,
    method
from ruled
where preference = 1
