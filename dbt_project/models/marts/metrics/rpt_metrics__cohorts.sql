{{ config(materialized="view") }}

with

    starts as (
        select tenant_id, holder_key, cohort_month from {{ ref("dim_client_starts") }}
    ),

    months as (
        select
            tenant_id,
            holder_key,
            business_month as activity_month,
            max(case when is_trading then 1 else 0 end) as trading,
            case
                when count(total_reporting - partner_commission_reporting) = count(*)
                then sum(total_reporting - partner_commission_reporting)
            end as net_revenue
        from {{ ref("rpt_metrics__inputs") }}
        where input in ('pnl', 'partners', 'trades')
        group by tenant_id, holder_key, business_month
    ),

    sizes as (
        select tenant_id, cohort_month, count(*) as cohort_clients
        from starts
        group by tenant_id, cohort_month
    ),

    spine as (
        select tenant_id, activity_month
        from months
        group by tenant_id, activity_month
        having max(trading) = 1
    ),

    -- what a client brought before the first trade counts for the month of it
    activity as (
        select
            starts.tenant_id,
            starts.cohort_month,
            case
                when months.activity_month < starts.cohort_month
                then starts.cohort_month
                else months.activity_month
            end as activity_month,
            cast(sum(months.trading) as bigint) as active_clients,
            count(*) - count(months.net_revenue) as unknown,
            sum(months.net_revenue) as net_revenue
        from starts
        left join
            months
            on months.tenant_id = starts.tenant_id
            and months.holder_key = starts.holder_key
        group by 1, 2, 3
    ),

    running as (
        select
            sizes.tenant_id,
            sizes.cohort_month,
            spine.activity_month,
            sizes.cohort_clients,
            coalesce(activity.active_clients, 0) as active_clients,
            case
                when sum(coalesce(activity.unknown, 0)) over so_far = 0
                then
                    cast(
                        sum(coalesce(activity.net_revenue, 0)) over so_far as decimal(
                            38, 8
                        )
                    )
            end as net_revenue
        from sizes
        left join
            spine
            on spine.tenant_id = sizes.tenant_id
            and spine.activity_month >= sizes.cohort_month
        left join
            activity
            on activity.tenant_id = sizes.tenant_id
            and activity.cohort_month = sizes.cohort_month
            and activity.activity_month = spine.activity_month
        window
            so_far as (
                partition by sizes.tenant_id, sizes.cohort_month
                order by spine.activity_month
                rows between unbounded preceding and current row
            )
    )

select
    tenant_id,
    cohort_month,
    cast(
        (extract(year from activity_month) - extract(year from cohort_month)) * 12
        + extract(month from activity_month)
        - extract(month from cohort_month) as integer
    ) as months_since,
    cast(cohort_clients as bigint) as cohort_clients,
    cast(active_clients as bigint) as active_clients,
    {{ ratio("active_clients", "cohort_clients") }} as retention_ratio,
    net_revenue as cumulative_net_revenue_reporting,
    {{ ratio("net_revenue", "cohort_clients") }} as revenue_per_client_reporting
from running
