with

    closes as (
        select tenant_id, server_id, business_date
        from {{ ref("stg_mt5__daily_reports") }}
        group by tenant_id, server_id, business_date
        union
        select tenant_id, server_id, business_date
        from {{ ref("stg_mt4__daily_reports") }}
        union
        -- cTrader reports no days: each change of a balance states what it left
        select tenant_id, server_id, business_date
        from {{ ref("stg_ctrader__balance_changes") }}
    ),

    servers_with_positions as (
        select distinct tenant_id, server_id from {{ ref("stg_mt5__daily_positions") }}
    )

select
    closes.tenant_id,
    closes.server_id,
    closes.business_date,
    lag(closes.business_date) over (
        partition by closes.tenant_id, closes.server_id order by closes.business_date
    ) as previous_close_date,
    servers_with_positions.server_id is not null as has_positions
from closes
left join
    servers_with_positions
    on servers_with_positions.tenant_id = closes.tenant_id
    and servers_with_positions.server_id = closes.server_id
