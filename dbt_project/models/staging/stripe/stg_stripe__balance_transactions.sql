with

    transactions as (
        select * from {{ current_rows("stripe_balance_transactions") }} as rows_now
    ),

    currencies as (select currency, minor_units from {{ ref("ref_currencies") }})

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
    cast(
        transactions.amount
        * {{ minor_unit("coalesce(currencies.minor_units, 2)") }} as decimal(24, 8)
    ) as gross_amount,
    cast(
        transactions.fee
        * {{ minor_unit("coalesce(currencies.minor_units, 2)") }} as decimal(24, 8)
    ) as fee_amount,
    cast(
        transactions.net
        * {{ minor_unit("coalesce(currencies.minor_units, 2)") }} as decimal(24, 8)
    ) as net_amount,
    {{ epoch_to_timestamp("transactions.created") }} as created_at_utc,
    {{ epoch_to_timestamp("transactions.available_on") }} as available_at_utc,
    cast(transactions.exchange_rate as decimal(24, 12)) as exchange_rate,
    transactions.description
from transactions
left join currencies on currencies.currency = upper(transactions.currency)
