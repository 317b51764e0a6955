with balances as (select * from {{ current_rows("lp_balances") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as lp_id,
    account as lp_account_id,
    balance_date,
    upper(currency) as currency,
    opening_balance as opening_balance_amount,
    closing_balance as closing_balance_amount,
    equity as equity_amount,
    unrealised_pnl as unrealised_pnl_amount,
    margin_used as margin_used_amount,
    credit as credit_amount,
    _row_id as raw_row_id,
    _load_id as load_id
from balances
