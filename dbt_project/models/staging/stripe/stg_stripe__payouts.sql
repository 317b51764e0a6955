with

    payouts as (
        select *
        from
            {{ stripe_states("stripe_payouts", "('paid', 'failed', 'canceled')") }}
            as newest
    ),

    currencies as (select * from {{ psp_currencies("stripe") }} as of_stripe)

select
    payouts._tenant_id as tenant_id,
    payouts._source as psp_account_id,
    payouts.id as payout_id,
    upper(payouts.currency) as currency,
    {{ from_minor_units("payouts.amount", "currencies.minor_units") }} as payout_amount,
    payouts.status,
    payouts.automatic as is_automatic,
    {{ epoch_to_timestamp("payouts.created") }} as created_at_utc,
    cast({{ epoch_to_timestamp("payouts.arrival_date") }} as date) as arrival_date,
    payouts.balance_transaction_id,
    payouts.failure_balance_transaction_id,
    payouts.failure_code,
    payouts.original_payout_id,
    payouts.reversed_by_payout_id,
    payouts.destination_id,
    payouts.statement_descriptor
from payouts
left join currencies on currencies.currency = upper(payouts.currency)
