with

    fees as (select * from {{ current_rows("coinspaid_fees") }} as rows_now),

    transactions as (select * from {{ ref("stg_coinspaid__transactions") }})

-- The fee lines of the callback that says what became of the operation; those of the
-- callbacks
-- before it would count the same fee twice.
select
    transactions.tenant_id,
    transactions.psp_account_id,
    transactions.operation_id,
    transactions.type as operation_type,
    transactions.status as operation_status,
    fees.callback_key,
    fees.position as fee_number,
    fees.type as fee_type,
    upper(fees.currency) as fee_currency,
    fees.amount as fee_amount,
    fees.amount_exact as fee_amount_exact
from fees
inner join
    transactions
    on transactions.tenant_id = fees._tenant_id
    and transactions.psp_account_id = fees._source
    and transactions.callback_key = fees.callback_key
