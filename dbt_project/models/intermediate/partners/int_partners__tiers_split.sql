{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
-- Only the days on which an agreement passes a bound: there the order of trades counts.
with
    reached as (
        select tenant_id, agreement_id, business_date, lots_before
        from {{ ref("int_partners__tiers_reached") }}
        where is_split
    ),

    tiers as (
        select tenant_id, agreement_id, tier, lower_bound, upper_bound, rate
        from {{ ref("stg_crm__partner_tiers") }}
    ),

    lines as (
        select
            found.tenant_id,
            found.server_id,
            found.business_date,
            found.deal_key,
            found.partner_key,
            found.level,
            found.agreement_id,
            found.counted_lots as lots,
            found.base_quantity,
            cast(
                reached.lots_before + sum(found.counted_lots) over (
                    partition by
                        found.tenant_id, found.agreement_id, found.business_date
                    order by found.executed_at_utc, found.deal_key
                    rows between unbounded preceding and current row
                ) as decimal(24, 8)
            ) as lots_after
        from {{ commission_lines(is_incremental(), only="reached") }} as found
        inner join
            reached
            on reached.tenant_id = found.tenant_id
            and reached.agreement_id = found.agreement_id
            and reached.business_date = found.business_date
        where
            found.line_reason is null
            and found.counted_lots > 0
            and found.base_quantity is not null
    ),

    parts as (
        select
            lines.tenant_id,
            lines.server_id,
            lines.business_date,
            lines.deal_key,
            lines.partner_key,
            lines.level,
            lines.agreement_id,
            lines.lots,
            lines.base_quantity,
            tiers.tier,
            tiers.rate,
            greatest(
                tiers.lower_bound - (lines.lots_after - lines.lots), 0
            ) as lots_from,
            least(
                coalesce(tiers.upper_bound, lines.lots_after)
                - (lines.lots_after - lines.lots),
                lines.lots
            ) as lots_to
        from lines
        inner join
            tiers
            on tiers.tenant_id = lines.tenant_id
            and tiers.agreement_id = lines.agreement_id
            and tiers.lower_bound < lines.lots_after
            and (
                tiers.upper_bound is null
                or tiers.upper_bound > lines.lots_after - lines.lots
            )
    )

-- The base is cut where the lots are; the cuts are rounded, so that the parts are the
-- whole.
select
    tenant_id,
    server_id,
    business_date,
    deal_key,
    partner_key,
    level,
    agreement_id,
    tier,
    rate,
    cast(
        cast(
            base_quantity * {{ ratio("lots_to", "lots", 12) }} as decimal(24, 8)
        ) - cast(
            base_quantity * {{ ratio("lots_from", "lots", 12) }} as decimal(24, 8)
        ) as decimal(24, 8)
    ) as base_quantity
from parts
where lots_to > lots_from
