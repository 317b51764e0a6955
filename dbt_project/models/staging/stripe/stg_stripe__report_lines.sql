with lines as (select * from {{ current_rows("stripe_report_lines") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    balance_transaction_id,
    created_utc as created_at_utc,
    available_on_utc as available_at_utc,
    upper(currency) as currency,
    gross as gross_amount,
    fee as fee_amount,
    net as net_amount,
    reporting_category,
    source_id,
    charge_id,
    payout_id,
    description
from lines
