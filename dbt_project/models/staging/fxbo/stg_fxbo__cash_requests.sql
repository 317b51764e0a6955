with
    transactions as (select * from {{ current_rows("fxbo_transactions") }} as rows_now),

    providers as (select * from {{ current_rows("fxbo_psps") }} as rows_now)

select
    transactions._tenant_id as tenant_id,
    transactions.id::varchar as request_id,
    transactions.from_user_id::varchar as client_id,
    transactions.server_id,
    transactions.login,
    transactions.kind,
    transactions.request_status as status,
    (
        case
            -- Money out is booked below zero; a negative deposit is one taken back.
            when transactions.kind in ('withdrawal', 'ib_withdrawal')
            then abs(transactions.processed_amount)
            else transactions.processed_amount
        end * case
            when upper(transactions.processed_currency) in ('CEN', 'USC')
            then 0.01::decimal(3, 2)
            else 1.00::decimal(3, 2)
        end
    )::decimal(24, 8) as amount,
    case
        when upper(transactions.processed_currency) in ('CEN', 'USC')
        then 'USD'
        else upper(transactions.processed_currency)
    end as currency,
    transactions.processed_amount as native_amount,
    transactions.processed_currency as native_currency,
    transactions.created_at as requested_at_utc,
    transactions.processed_at as processed_at_utc,
    transactions.psp_id::varchar as psp_id,
    providers.display_name as psp,
    transactions.kind in ('deposit', 'withdrawal') as is_client_money
from transactions
left join
    providers
    on providers._tenant_id = transactions._tenant_id
    and providers._source = transactions._source
    and providers.id = transactions.psp_id
