with

    lines as (
        select
            *,
            case
                when is_fee_line
                then - amount
                when statement_type = 'FLAT'
                then 0
                else coalesce(total_fees, 0)
            end as fee_taken
        from {{ current_rows("wise_statement_lines") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    nullif(balance_id, '') as balance_id,
    currency,
    reference_number as reference_id,
    direction,
    line,
    is_fee_line,
    statement_type,
    details_type as type,
    payment_reference,
    {{ server_time_to_utc("booked_at", "zone", "0") }} as booked_at_utc,
    cast(amount + fee_taken as decimal(24, 8)) as gross_amount,
    cast(fee_taken as decimal(24, 8)) as fee_amount,
    amount as net_amount,
    running_balance as balance_amount,
    upper(exchange_from_currency) as exchange_from_currency,
    exchange_from_amount,
    upper(exchange_to_currency) as exchange_to_currency,
    exchange_to_amount,
    exchange_rate,
    merchant_name
from lines
