{{ config(materialized="view") }}

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
            symbol,
            executed_at_utc,
            partner_key,
            partner_id,
            level,
            partner_path,
            agreement_id,
            model,
            tier,
            base_quantity,
            rate,
            accrued_amount,
            amount_currency,
            reason
        from {{ ref("int_partners__lines_priced") }}
    ),

    adjusted as (
        select
            deal_key,
            business_date,
            partner_key,
            level,
            agreement_id,
            tier,
            carved_amount,
            capped_amount,
            rounding_amount,
            reason
        from {{ ref("int_partners__lines_adjusted") }}
    )

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
    lines.tier,
    lines.base_quantity,
    lines.rate,
    lines.accrued_amount,
    coalesce(adjusted.carved_amount, cast(0 as decimal(24, 8))) as carved_amount,
    coalesce(adjusted.capped_amount, cast(0 as decimal(24, 8))) as capped_amount,
    coalesce(adjusted.rounding_amount, cast(0 as decimal(24, 8))) as rounding_amount,
    case
        when adjusted.deal_key is null
        then lines.accrued_amount
        else
            cast(
                lines.accrued_amount
                + adjusted.carved_amount
                + adjusted.capped_amount
                + adjusted.rounding_amount as decimal(24, 8)
            )
    end as amount,
    lines.amount_currency,
    coalesce(lines.reason, adjusted.reason) as reason
from lines
left join
    adjusted
    -- in a key: a condition on one side alone would make it a loop of all with all
    on adjusted.deal_key = case when lines.reason is null then lines.deal_key end
    and adjusted.business_date = lines.business_date
    and adjusted.partner_key = lines.partner_key
    and adjusted.level = lines.level
    and adjusted.agreement_id = lines.agreement_id
    and adjusted.tier = coalesce(lines.tier, 0)
