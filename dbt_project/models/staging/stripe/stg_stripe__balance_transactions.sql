with

    transactions as (
        select * from {{ current_rows("stripe_balance_transactions") }} as rows_now
    ),

    currencies as (select * from {{ psp_currencies("stripe") }} as of_stripe)

select
    transactions._tenant_id as tenant_id,
    transactions._source as psp_account_id,
    transactions.id as balance_transaction_id,
    transactions.source_id,
    transactions.type,
    transactions.reporting_category,
    transactions.status,
    upper(transactions.currency) as currency,
    -- Stripe states whole minor units
    {{ from_minor_units("transactions.amount", "currencies.minor_units") }}
    as gross_amount,
    {{ from_minor_units("transactions.fee", "currencies.minor_units") }} as fee_amount,
    {{ from_minor_units("transactions.net", "currencies.minor_units") }} as net_amount,
    {{ epoch_to_timestamp("transactions.created") }} as created_at_utc,
    {{ epoch_to_timestamp("transactions.available_on") }} as available_at_utc,
    cast(transactions.exchange_rate as decimal(24, 12)) as exchange_rate,
    transactions.description
from transactions
left join currencies on currencies.currency = upper(transactions.currency)
