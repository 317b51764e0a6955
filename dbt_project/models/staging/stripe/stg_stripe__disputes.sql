with

    disputes as (
        select *
        from
            {{
                stripe_states(
                    "stripe_disputes",
                    "('won', 'lost', 'warning_closed', 'prevented')",
                )
            }} as newest
    ),

    currencies as (select * from {{ psp_currencies("stripe") }} as of_stripe)

select
    disputes._tenant_id as tenant_id,
    disputes._source as psp_account_id,
    disputes.id as dispute_id,
    disputes.charge_id,
    disputes.payment_intent_id,
    upper(disputes.currency) as currency,
    {{ from_minor_units("disputes.amount", "currencies.minor_units") }}
    as disputed_amount,
    disputes.status,
    disputes.reason,
    disputes.network_reason_code,
    disputes.case_type,
    {{ epoch_to_timestamp("disputes.created") }} as created_at_utc,
    {{ epoch_to_timestamp("disputes.evidence_due_by") }} as evidence_due_at_utc,
    disputes.balance_transaction_ids
from disputes
left join currencies on currencies.currency = upper(disputes.currency)
