with

    changes as (
        select
            tenant_id,
            server_id,
            account_id,
            balance_version,
            'deal' as origin,
            deal_id as origin_id,
            business_date,
            executed_at_utc as changed_at_utc,
            balance_amount
        from {{ ref("stg_ctrader__deals") }}
        where balance_version is not null
        union all
        select
            tenant_id,
            server_id,
            account_id,
            balance_version,
            'cash_flow' as origin,
            balance_history_id as origin_id,
            business_date,
            changed_at_utc,
            balance_amount
        from {{ ref("stg_ctrader__cash_flows") }}
        where balance_version is not null
    ),

    numbered as (
        select
            changes.*,
            lag(balance_version) over (
                partition by tenant_id, server_id, account_id
                order by balance_version, origin, origin_id
            ) as version_before
        from changes
    )

select
    numbered.tenant_id,
    numbered.server_id,
    numbered.account_id,
    accounts.login,
    numbered.balance_version,
    numbered.origin,
    numbered.origin_id,
    numbered.business_date,
    numbered.changed_at_utc,
    numbered.balance_amount,
    greatest(
        coalesce(numbered.balance_version - numbered.version_before - 1, 0), 0
    ) as missing_versions,
    coalesce(numbered.balance_version = numbered.version_before, false) as is_replay
from numbered
left join
    {{ ref("stg_ctrader__traders") }} as accounts
    on accounts.tenant_id = numbered.tenant_id
    and accounts.server_id = numbered.server_id
    and accounts.account_id = numbered.account_id
