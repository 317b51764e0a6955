with

    deals as (
        select
            tenant_id,
            server_id,
            deal_key,
            login,
            account_key,
            business_date,
            executed_at_utc,
            component,
            balance_effect_amount,
            account_currency,
            comment
        from {{ ref("can_deals") }}
        where component in ('deposit', 'withdrawal', 'internal_transfer')
    ),

    accounts as (
        select tenant_id, server_id, login, client_key, main_currency, money_divisor
        from {{ ref("can_accounts") }}
    ),

    requests as (
        select tenant_id, request_id, kind, method, psp, psp_reference
        from {{ ref("stg_crm__cash_requests") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }})

select
    deals.tenant_id,
    deals.server_id,
    deals.deal_key,
    deals.account_key,
    accounts.client_key,
    deals.business_date,
    deals.executed_at_utc,
    deals.component as kind,
    deals.balance_effect_amount as amount,
    deals.account_currency,
    {{ to_reporting("deals.balance_effect_amount", "fx", "accounts.money_divisor") }}
    as amount_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency,
    requests.request_id,
    requests.method,
    requests.psp,
    requests.psp_reference
from deals
left join
    accounts
    on accounts.tenant_id = deals.tenant_id
    and accounts.server_id = deals.server_id
    and accounts.login = deals.login
-- the platform's comment names the CRM's request: CRM-D-<id> for a deposit,
-- CRM-W-<id> for a withdrawal
left join
    requests
    on requests.tenant_id = deals.tenant_id
    and deals.comment
    = case requests.kind when 'deposit' then 'CRM-D-' else 'CRM-W-' end
    || requests.request_id
left join
    fx
    on fx.business_date = deals.business_date
    and fx.currency = accounts.main_currency
