{{ config(materialized="view", schema="meta") }}

with

    traded as (
        select
            tenant_id,
            server_id,
            business_date,
            volume_lots,
            notional_reporting,
            spread_cost_reporting
        from {{ ref("fct_traded_days") }}
    ),

    booked as (
        select tenant_id, server_id, business_date, volume_lots, total_reporting
        from {{ ref("fct_daily_pnl") }}
    ),

    quoted as (
        select tenant_id, server_id, business_date, total_reporting
        from {{ ref("rpt_metrics__inputs") }}
        where input = 'pnl'
    ),

    -- every day once: what stands on either side
    days as (
        select
            tenant_id,
            server_id,
            business_date,
            cast(sum(traded_lots) as decimal(38, 8)) as traded_lots,
            cast(sum(booked_lots) as decimal(38, 8)) as booked_lots,
            cast(sum(booked_total) as decimal(38, 8)) as booked_total,
            cast(sum(quoted_total) as decimal(38, 8)) as quoted_total,
            sum(booked_rows) as booked_rows,
            sum(quoted_rows) as quoted_rows,
            sum(traded_rows) as traded_rows,
            sum(unconverted_rows) as unconverted_rows
        from
            (
                select
                    tenant_id,
                    server_id,
                    business_date,
                    volume_lots as traded_lots,
                    0 as booked_lots,
                    0 as booked_total,
                    0 as quoted_total,
                    0 as booked_rows,
                    0 as quoted_rows,
                    1 as traded_rows,
                    case
                        when notional_reporting is null or spread_cost_reporting is null
                        then 1
                        else 0
                    end as unconverted_rows
                from traded
                union all
                select
                    tenant_id,
                    server_id,
                    business_date,
                    0,
                    volume_lots,
                    coalesce(total_reporting, 0),
                    0,
                    1,
                    0,
                    0,
                    0
                from booked
                union all
                select
                    tenant_id,
                    server_id,
                    business_date,
                    0,
                    0,
                    0,
                    coalesce(total_reporting, 0),
                    0,
                    1,
                    0,
                    0
                from quoted
            ) as sides
        group by tenant_id, server_id, business_date
    ),

    identities as (
        select
            'metric_lots_are_pnl_lots' as identity_id,
            'The lots whose notional is counted are the lots of the P&L, by server and day'
            as what
        union all
        select
            'traded_amounts_have_a_rate' as identity_id,
            'The notional and the spread of every traded symbol are known in reporting currency'
            as what
        union all
        select
            'metric_revenue_is_pnl' as identity_id,
            'What metrics sum as net trading revenue is the P&L, row by row, by server and day'
            as what
    ),

    counted as (
        select
            'metric_lots_are_pnl_lots' as identity_id,
            tenant_id,
            server_id,
            business_date,
            1 as population,
            case when traded_lots <> booked_lots then 1 else 0 end as broken,
            abs(traded_lots - booked_lots) as worst,
            traded_lots as sum_left,
            booked_lots as sum_right
        from days
        union all
        select
            'traded_amounts_have_a_rate' as identity_id,
            tenant_id,
            server_id,
            business_date,
            traded_rows as population,
            unconverted_rows,
            0,
            traded_rows as sum_left,
            traded_rows - unconverted_rows
        from days
        where traded_rows > 0
        union all
        select
            'metric_revenue_is_pnl' as identity_id,
            tenant_id,
            server_id,
            business_date,
            1,
            case
                when quoted_total <> booked_total or quoted_rows <> booked_rows
                then 1
                else 0
            end,
            abs(quoted_total - booked_total),
            quoted_total,
            booked_total
        from days
    )

-- an identity that nothing could be checked on is listed too, with a population of
-- zero
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.broken, 0) as bigint) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
from identities
left join counted on counted.identity_id = identities.identity_id
