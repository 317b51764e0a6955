{{ config(materialized="view") }}

with

    servers as (
        select tenant_id, server_id, end_of_day_minutes
        from {{ source("meta", "servers") }}
    ),

    actions as (
        select action_code, component, moves from {{ ref("ref_mt5_deal_actions") }}
    ),

    -- rows that changed on the platform after their own business day had ended
    changed_later as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.login,
            deals.business_date,
            deals.deal_id,
            deals.is_modified,
            deals.balance_effect_amount
        from {{ ref("can_deals") }} as deals
        left join
            servers
            on servers.tenant_id = deals.tenant_id
            and servers.server_id = deals.server_id
        where
            -- both sides on the server's clock
            {{ microseconds_between("deals.executed_at_utc", "deals.changed_at_utc") }}
            > {{
                microseconds_between(
                    "deals.executed_at_server",
                    minutes_after(
                        "cast(deals.business_date as timestamp)",
                        "coalesce(servers.end_of_day_minutes, 1439) + 1",
                    ),
                )
            }}
    ),

    replaced as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.login,
            deals.business_date,
            deals.deal_id,
            deals.is_deleted,
            {{ balance_effect("deals", "actions", "servers") }}
            as balance_effect_amount,
            row_number() over (
                partition by deals.tenant_id, deals.server_id, deals.deal_id
                order by deals.raw_row_id
            ) as first_place,
            row_number() over (
                partition by deals.tenant_id, deals.server_id, deals.deal_id
                order by deals.raw_row_id desc
            ) as last_place
        from {{ ref("stg_mt5__replaced_deals") }} as deals
        left join actions on actions.action_code = deals.action_code
        left join
            {{ source("meta", "servers") }} as servers
            on servers.tenant_id = deals.tenant_id
            and servers.server_id = deals.server_id
    ),

    -- what the platform knew when the day closed is the first version; what vanished
    -- is the last
    edited as (
        select
            current_deals.tenant_id,
            current_deals.server_id,
            current_deals.login,
            current_deals.business_date,
            current_deals.deal_id,
            current_deals.balance_effect_amount
        from {{ ref("can_deals") }} as current_deals
        inner join
            replaced
            on replaced.tenant_id = current_deals.tenant_id
            and replaced.server_id = current_deals.server_id
            and replaced.deal_id = current_deals.deal_id
            and replaced.first_place = 1
        union all
        select
            tenant_id,
            server_id,
            login,
            business_date,
            deal_id,
            cast(- balance_effect_amount as decimal(24, 8))
        from replaced
        where first_place = 1 and not is_deleted
    )

select
    changed_later.tenant_id,
    changed_later.server_id,
    changed_later.login,
    changed_later.business_date,
    changed_later.deal_id,
    case
        when changed_later.is_modified then 'source_restatement' else 'late_deal'
    end as correction,
    -- an edit that was loaded once has no earlier version to compare with
    case
        when not changed_later.is_modified then changed_later.balance_effect_amount
    end as effect_amount
from changed_later
left join
    replaced
    on replaced.tenant_id = changed_later.tenant_id
    and replaced.server_id = changed_later.server_id
    and replaced.deal_id = changed_later.deal_id
    and replaced.first_place = 1
where replaced.deal_id is null
union all
select
    tenant_id,
    server_id,
    login,
    business_date,
    deal_id,
    'source_restatement' as correction,
    cast(sum(balance_effect_amount) as decimal(24, 8)) as effect_amount
from edited
group by tenant_id, server_id, login, business_date, deal_id
union all
select
    tenant_id,
    server_id,
    login,
    business_date,
    deal_id,
    'deleted_deal' as correction,
    cast(- balance_effect_amount as decimal(24, 8)) as effect_amount
from replaced
where last_place = 1 and is_deleted
