with

    balance_days as (
        select distinct tenant_id, server_id, business_date
        from {{ ref("stg_ctrader__balance_changes") }}
    ),

    closes as (
        select tenant_id, server_id, business_date, false as has_positions
        from {{ ref("stg_mt5__daily_reports") }}
        group by tenant_id, server_id, business_date
        union
        select tenant_id, server_id, business_date, true
        from {{ ref("stg_mt4__daily_reports") }}
        union
        -- cTrader reports no days: each change of a balance states what it left, and
        -- the closing quotes what floats
        select tenant_id, server_id, business_date, true
        from balance_days
        union
        select begun.tenant_id, begun.server_id, quoted.business_date, true
        from
            (
                select tenant_id, server_id, min(business_date) as first_date
                from balance_days
                group by tenant_id, server_id
            ) as begun
        inner join
            (
                select distinct tenant_id, cast(quoted_at as date) as business_date
                from {{ ref("stg_reference__quotes") }}
                where quote_kind = 'closing'
            ) as quoted
            on quoted.tenant_id = begun.tenant_id
            and quoted.business_date >= begun.first_date
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
    closes.has_positions
    or servers_with_positions.server_id is not null as has_positions
from closes
left join
    servers_with_positions
    on servers_with_positions.tenant_id = closes.tenant_id
    and servers_with_positions.server_id = closes.server_id
