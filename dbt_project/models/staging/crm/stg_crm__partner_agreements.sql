with

    agreements as (
        select * from {{ current_rows("crm_partner_agreements") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    agreement_id,
    partner_id,
    cast("level" as integer) as level,
    model,
    rate,
    currency,
    symbol_pattern,
    account_group_pattern,
    valid_from,
    valid_to,
    coalesce(override_convention, 'additive') as override_convention,
    tier_basis,
    tier_mode,
    coalesce(lot_ratio, cast(1 as decimal(24, 12))) as lot_ratio,
    coalesce(hybrid_ratio, cast(1 as decimal(24, 12))) as hybrid_ratio,
    markup_points,
    spread_cap_points,
    trade_cap_amount,
    period_cap_amount,
    coalesce(minimum_seconds, 0) as minimum_seconds,
    coalesce(activity_minimum_lots, cast(0 as decimal(24, 8))) as activity_minimum_lots,
    coalesce(nets_hedges, false) as nets_hedges,
    coalesce(excludes_bonus, false) as excludes_bonus,
    coalesce(rounding, 'period') as rounding,
    coalesce(clawback_on_chargeback, false) as clawback_on_chargeback,
    clawback_days
from agreements
