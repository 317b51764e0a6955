with
    agreements as (
        select
            tenant_id,
            agreement_id,
            tenant_id || '/' || partner_id as partner_key,
            override_convention,
            tier_basis,
            tier_mode,
            lot_ratio,
            hybrid_ratio,
            markup_points,
            spread_cap_points,
            trade_cap_amount,
            period_cap_amount,
            minimum_seconds,
            activity_minimum_lots,
            nets_hedges,
            excludes_bonus,
            rounding,
            clawback_on_chargeback,
            clawback_days
        from {{ ref("stg_crm__partner_agreements") }}
    ),

    segments as (
        select
            tenant_id,
            partner_key,
            level,
            model,
            valid_from,
            valid_to,
            agreement_id,
            rate,
            currency,
            symbol_pattern,
            account_group_pattern,
            symbol_pattern_length,
            account_group_pattern_length
        from {{ ref("int_partners__agreements_segmented") }}
    ),

    -- Patterns are matched once for all symbols, and all groups, that no pattern tells
    -- apart.
    classes as (
        select distinct tenant_id, kind, class_name
        from {{ ref("int_partners__names_classed") }}
    ),

    matches as (
        select
            symbols.tenant_id,
            symbols.class_name as symbol_class,
            account_groups.class_name as group_class,
            segments.partner_key,
            segments.level,
            segments.model,
            segments.valid_from,
            segments.valid_to,
            segments.agreement_id,
            segments.rate,
            segments.currency,
            row_number() over (
                partition by
                    symbols.tenant_id,
                    symbols.class_name,
                    account_groups.class_name,
                    segments.partner_key,
                    segments.level,
                    segments.model,
                    segments.valid_from
                order by
                    segments.symbol_pattern_length desc,
                    segments.account_group_pattern_length desc,
                    segments.agreement_id asc
            ) as preference
        from classes as symbols
        inner join
            classes as account_groups on account_groups.tenant_id = symbols.tenant_id
        inner join
            segments
            on segments.tenant_id = symbols.tenant_id
            and segments.model not in ('cpa', 'copy_fee_share')
            and {{ matches_pattern("symbols.class_name", "segments.symbol_pattern") }}
            and {{
                matches_pattern(
                    "account_groups.class_name", "segments.account_group_pattern"
                )
            }}
        where symbols.kind = 'symbol' and account_groups.kind = 'account_group'
    )

select
    matches.tenant_id,
    matches.symbol_class,
    matches.group_class,
    {{ terms_key("matches", "matches.symbol_class", "matches.group_class") }}
    as terms_key,
    matches.partner_key,
    matches.level,
    matches.model,
    matches.valid_from,
    matches.valid_to,
    matches.agreement_id,
    matches.rate,
    matches.currency,
    agreements.override_convention,
    agreements.tier_basis,
    agreements.tier_mode,
    agreements.lot_ratio,
    agreements.hybrid_ratio,
    agreements.markup_points,
    agreements.spread_cap_points,
    agreements.trade_cap_amount,
    agreements.period_cap_amount,
    agreements.minimum_seconds,
    agreements.nets_hedges,
    agreements.excludes_bonus,
    agreements.rounding,
    agreements.clawback_on_chargeback,
    agreements.clawback_days
from matches
inner join
    agreements
    on agreements.tenant_id = matches.tenant_id
    and agreements.agreement_id = matches.agreement_id
    and agreements.partner_key = matches.partner_key
where matches.preference = 1
