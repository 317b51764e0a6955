{{ config(materialized="view") }}

with
    lines as (
        select
            ledger_line_key,
            build_id,
            tenant_id,
            entry_type,
            deal_id,
            account_key,
            business_date,
            executed_at_utc,
            symbol,
            partner_key,
            partner_id,
            level,
            partner_path,
            agreement_id,
            model,
            base_quantity,
            rate,
            amount,
            amount_currency,
            amount_reporting,
            reason,
            adjustment_reason,
            booked_at
        from {{ ref("fct_commission_ledger") }}
    )

-- A partner sees which account a line came from, never whose it is.
select
    lines.ledger_line_key,
    lines.build_id,
    lines.tenant_id,
    lines.partner_key,
    lines.partner_id,
    lines.business_date,
    lines.executed_at_utc,
    lines.entry_type,
    lines.deal_id,
    '…' || right(lines.account_key, 4) as masked_account,
    lines.symbol,
    lines.level,
    lines.partner_path,
    lines.agreement_id,
    lines.model,
    lines.base_quantity,
    lines.rate,
    lines.amount,
    lines.amount_currency,
    lines.amount_reporting,
    lines.reason,
    lines.adjustment_reason,
    lines.booked_at
from lines
