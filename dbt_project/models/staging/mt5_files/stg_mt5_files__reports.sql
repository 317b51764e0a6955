with reports as (select * from {{ current_rows("mt5_files_reports") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    login,
    reported_at as reported_at_terminal,
    currency as account_currency,
    platform_server,
    account_type,
    accounting_mode,
    company,
    balance as balance_amount,
    credit as credit_amount,
    floating_profit as floating_pnl_amount,
    equity as equity_amount,
    margin as margin_amount,
    margin_free as free_margin_amount,
    total_net_profit as net_profit_amount,
    _row_id as raw_row_id,
    _load_id as load_id
from reports
