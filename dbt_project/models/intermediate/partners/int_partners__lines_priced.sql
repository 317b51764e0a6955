{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
with
    lines as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            deal_id,
            account_key,
            client_key,
            group_name,
            symbol,
            executed_at_utc,
            partner_key,
            partner_id,
            level,
            partner_path,
            agreement_id,
            model,
            rate,
            hybrid_ratio,
            tier_basis,
            amount_currency,
            base_quantity,
            line_reason
        from {{ commission_lines(is_incremental()) }} as found
    ),

    reached as (
        select tenant_id, agreement_id, business_date, tier, rate, is_split
        from {{ ref("int_partners__tiers_reached") }}
    ),

    splits as (
        select deal_key, partner_key, level, agreement_id, tier, rate, base_quantity
        from {{ ref("int_partners__tiers_split") }}
    ),

    -- Days on which a partner has any agreement at a level, whatever it covers.
    covered as (
        select distinct partner_key, level, valid_from, valid_to
        from {{ ref("int_partners__levels_covered") }}
    ),

    priced as (
        select
            lines.tenant_id,
            lines.server_id,
            lines.business_date,
            lines.deal_key,
            lines.deal_id,
            lines.account_key,
            lines.client_key,
            lines.symbol,
            lines.executed_at_utc,
            lines.partner_key,
            lines.partner_id,
            lines.level,
            lines.partner_path,
            lines.agreement_id,
            lines.model,
            lines.amount_currency,
            coalesce(splits.tier, reached.tier) as tier,
            coalesce(splits.base_quantity, lines.base_quantity) as base_quantity,
            case
                when lines.hybrid_ratio = 1
                then coalesce(splits.rate, reached.rate, lines.rate)
                else
                    cast(
                        cast(
                            coalesce(splits.rate, reached.rate, lines.rate) as decimal(
                                18, 8
                            )
                        )
                        * cast(lines.hybrid_ratio as decimal(10, 8)) as decimal(24, 12)
                    )
            end as rate,
            case
                when
                    lines.agreement_id is null
                    and lines.line_reason is null
                    and covered.partner_key is not null
                then
                    'agreements of this partner at level '
                    || lines.level
                    || ' on '
                    || lines.business_date
                    || ' do not cover '
                    || lines.symbol
                    || ' in group '
                    || lines.group_name
                when lines.line_reason is not null
                then lines.line_reason
                when lines.agreement_id is null
                then
                    'no agreement of this partner at level '
                    || lines.level
                    || ' on '
                    || lines.business_date
                when lines.base_quantity is null and lines.model = 'spread_share'
                then 'the platform states no spread for this deal'
                when lines.base_quantity is null
                then 'no rate of the day converts the base'
                when
                    lines.base_quantity = 0
                    and lines.model
                    in ('per_lot', 'per_million', 'spread_share', 'markup_share')
                then
                    'opening deal: '
                    || replace(lines.model, '_', '-')
                    || ' pays at close'
                when lines.base_quantity = 0 and lines.model = 'commission_share'
                then 'no commission on this deal'
                when lines.base_quantity = 0
                then 'no revenue on this deal'
                when lines.tier_basis is not null and reached.tier is null
                then 'the agreement has no valid tiers'
                when coalesce(splits.rate, reached.rate, lines.rate) = 0
                then 'the rate of the agreement is zero'
            end as reason
        from lines
        left join
            reached
            on reached.tenant_id = lines.tenant_id
            and reached.agreement_id = lines.agreement_id
            and reached.business_date = lines.business_date
        left join
            splits
            -- in a key: a condition on one side alone would make it a loop of all with
            -- all
            on splits.deal_key = case when reached.is_split then lines.deal_key end
            and splits.partner_key = lines.partner_key
            and splits.level = lines.level
            and splits.agreement_id = lines.agreement_id
        left join
            covered
            on covered.partner_key
            = case when lines.agreement_id is null then lines.partner_key end
            and covered.level = lines.level
            and covered.valid_from <= lines.business_date
            and covered.valid_to > lines.business_date
    )

select
    tenant_id,
    server_id,
    business_date,
    deal_key,
    deal_id,
    account_key,
    client_key,
    symbol,
    executed_at_utc,
    partner_key,
    partner_id,
    level,
    partner_path,
    agreement_id,
    model,
    amount_currency,
    tier,
    cast(coalesce(base_quantity, 0) as decimal(24, 8)) as base_quantity,
    cast(rate as decimal(24, 12)) as rate,
    case
        when reason is null
        then {{ accrued_commission("base_quantity", "rate") }}
        else cast(0 as decimal(24, 8))
    end as accrued_amount,
    reason
from priced
-- what no trade stands behind
{% for relation, model, tier in [
        ("int_partners__cpa_laddered", "cpa", "tier"),
        (
            "int_partners__copy_fees_shared",
            "copy_fee_share",
            "cast(null as integer)",
        ),
    ] %}
    union all
    select
        tenant_id,
        server_id,
        business_date,
        deal_key,
        deal_id,
        account_key,
        client_key,
        cast(null as varchar) as symbol,
        executed_at_utc,
        partner_key,
        partner_id,
        level,
        partner_path,
        agreement_id,
        '{{ model }}' as model,
        amount_currency,
        {{ tier }} as tier,
        base_quantity,
        rate,
        case
            when reason is null
            then {{ accrued_commission("base_quantity", "rate") }}
            else cast(0 as decimal(24, 8))
        end as accrued_amount,
        reason
    from {{ ref(relation) }}
    {% if is_incremental() %}
        where
            (tenant_id, server_id, business_date) in (
                select (tenant_id, server_id, business_date)
                from {{ ref("int_partners__days_touched") }}
            )
    {% endif %}
{% endfor %}
