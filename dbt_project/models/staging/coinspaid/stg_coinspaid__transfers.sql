with

    transfers as (select * from {{ current_rows("coinspaid_transfers") }} as rows_now),

    transactions as (select * from {{ ref("stg_coinspaid__transactions") }})

select
    transactions.tenant_id,
    transactions.psp_account_id,
    transactions.operation_id,
    transactions.type as operation_type,
    transfers.callback_key,
    transfers.position as transfer_number,
    transfers.transfer_id,
    transfers.transaction_type,
    transfers.type,
    upper(transfers.currency) as currency,
    transfers.amount,
    transfers.amount_exact,
    upper(transfers.currency_to) as currency_to,
    transfers.amount_to,
    transfers.amount_to_exact,
    transfers.blockchain_id,
    transfers.confirmations,
    transfers.risk_score
from transfers
inner join
    transactions
    on transactions.tenant_id = transfers._tenant_id
    and transactions.psp_account_id = transfers._source
    and transactions.callback_key = transfers.callback_key
