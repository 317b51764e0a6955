with accounts as (select * from {{ live_rows("mt5_accounts") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    login,
    cast(currency_digits as integer) as currency_digits,
    {{ platform_money("balance", "coalesce(currency_digits, 2)") }} as balance_amount,
    {{ platform_money("credit", "coalesce(currency_digits, 2)") }} as credit_amount,
    {{ platform_money("profit", "coalesce(currency_digits, 2)") }}
    as floating_pnl_amount,
    {{ platform_money("storage", "coalesce(currency_digits, 2)") }}
    as floating_swap_amount,
    {{ platform_money("equity", "coalesce(currency_digits, 2)") }} as equity_amount,
    {{ platform_money("margin", "coalesce(currency_digits, 2)") }} as margin_amount
from accounts
