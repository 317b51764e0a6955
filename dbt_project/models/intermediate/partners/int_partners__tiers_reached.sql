{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_dates(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
with
    lines as (
        select
            tenant_id,
            agreement_id,
            business_date,
            client_key,
            tier_basis,
            tier_mode,
            counted_lots
        from {{ commission_lines(is_incremental()) }} as found
        where
            tier_basis is not null and line_reason is null and base_quantity is not null
    ),

    tiers as (
        select tenant_id, agreement_id, tier, lower_bound, upper_bound, rate
        from {{ ref("stg_crm__partner_tiers") }}
    ),

    days as (
        select
            tenant_id,
            agreement_id,
            business_date,
            cast(date_trunc('month', business_date) as date) as month_from,
            max(tier_basis) as tier_basis,
            max(tier_mode) as tier_mode,
            cast(sum(counted_lots) as decimal(24, 8)) as lots
        from lines
        group by tenant_id, agreement_id, business_date
    ),

    active as (
        select
            tenant_id,
            agreement_id,
            cast(date_trunc('month', business_date) as date) as month_from,
            count(distinct case when counted_lots > 0 then client_key end) as clients
        from lines
        where tier_basis = 'active_clients'
        group by tenant_id, agreement_id, date_trunc('month', business_date)
    ),

    summed as (
        select
            tenant_id,
            agreement_id,
            business_date,
            month_from,
            tier_basis,
            tier_mode,
            lots,
            cast(
                sum(lots) over (
                    partition by tenant_id, agreement_id, month_from
                    order by business_date
                ) as decimal(24, 8)
            ) as reached_lots,
            cast(
                sum(lots) over (
                    partition by tenant_id, agreement_id, month_from
                ) as decimal(24, 8)
            ) as month_lots
        from days
    ),

    measured as (
        select
            summed.tenant_id,
            summed.agreement_id,
            summed.business_date,
            summed.tier_mode,
            cast(summed.reached_lots - summed.lots as decimal(24, 8)) as lots_before,
            summed.reached_lots as lots_after,
            -- A marginal day starts in the tier of the lots before it.
            case
                when summed.tier_basis = 'active_clients'
                then cast(active.clients as decimal(24, 8))
                when summed.tier_mode = 'marginal'
                then cast(summed.reached_lots - summed.lots as decimal(24, 8))
                else summed.month_lots
            end as measure
        from summed
        left join
            active
            on active.tenant_id = summed.tenant_id
            and active.agreement_id = summed.agreement_id
            and active.month_from = summed.month_from
    )

select
    measured.tenant_id,
    measured.agreement_id,
    measured.business_date,
    measured.lots_before,
    measured.lots_after,
    measured.measure,
    tiers.tier,
    tiers.rate,
    -- The day begins in one tier and ends in another.
    measured.tier_mode = 'marginal'
    and coalesce(measured.lots_after > tiers.upper_bound, false) as is_split
from measured
inner join
    tiers
    on tiers.tenant_id = measured.tenant_id
    and tiers.agreement_id = measured.agreement_id
    and tiers.lower_bound <= measured.measure
    and (tiers.upper_bound is null or tiers.upper_bound > measured.measure)
