with

    refunds as (
        select *
        from
            {{ stripe_states("stripe_refunds", "('succeeded', 'failed', 'canceled')") }}
            as newest
    ),

    currencies as (select * from {{ psp_currencies("stripe") }} as of_stripe)

select
    refunds._tenant_id as tenant_id,
    refunds._source as psp_account_id,
    refunds.id as refund_id,
    refunds.charge_id,
    refunds.payment_intent_id,
    upper(refunds.currency) as currency,
    {{ from_minor_units("refunds.amount", "currencies.minor_units") }} as refund_amount,
    refunds.status,
    refunds.reason,
    refunds.failure_reason,
    {{ epoch_to_timestamp("refunds.created") }} as created_at_utc,
    refunds.balance_transaction_id,
    refunds.failure_balance_transaction_id
from refunds
left join currencies on currencies.currency = upper(refunds.currency)
