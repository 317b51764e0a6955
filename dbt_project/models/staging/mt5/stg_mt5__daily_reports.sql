with reports as (select * from {{ current_rows("mt5_daily") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    login,
    _business_date as business_date,
    "group" as group_name,
    currency as account_currency,
    cast(currency_digits as integer) as currency_digits,
    {{ platform_money("balance", "coalesce(currency_digits, 2)") }} as balance_amount,
    {{ platform_money("coalesce(credit, 0)", "coalesce(currency_digits, 2)") }}
    as credit_amount,
    {{ platform_money("balance_prev_day", "coalesce(currency_digits, 2)") }}
    as previous_balance_amount,
    {{ platform_money("equity_prev_day", "coalesce(currency_digits, 2)") }}
    as previous_equity_amount,
    {{ platform_money("coalesce(profit, 0)", "coalesce(currency_digits, 2)") }}
    as floating_pnl_amount,
    {{ platform_money("coalesce(profit_storage, 0)", "coalesce(currency_digits, 2)") }}
    as floating_swap_amount,
    {{ platform_money("profit_equity", "coalesce(currency_digits, 2)") }}
    as equity_amount,
    {{ platform_money("margin", "coalesce(currency_digits, 2)") }} as margin_amount,
    {{ platform_money("margin_free", "coalesce(currency_digits, 2)") }}
    as free_margin_amount,
    {{ platform_money("coalesce(daily_profit, 0)", "coalesce(currency_digits, 2)") }}
    as closed_pnl_amount,
    {{ platform_money("coalesce(daily_balance, 0)", "coalesce(currency_digits, 2)") }}
    as balance_operations_amount,
    {{ platform_money("coalesce(daily_credit, 0)", "coalesce(currency_digits, 2)") }}
    as credit_change_amount,
    {{ platform_money("coalesce(daily_charge, 0)", "coalesce(currency_digits, 2)") }}
    as charges_amount,
    {{
        platform_money(
            "coalesce(daily_correction, 0)", "coalesce(currency_digits, 2)"
        )
    }} as corrections_amount,
    {{ platform_money("coalesce(daily_bonus, 0)", "coalesce(currency_digits, 2)") }}
    as bonus_amount,
    {{ platform_money("coalesce(daily_storage, 0)", "coalesce(currency_digits, 2)") }}
    as swap_amount,
    {{
        platform_money(
            "coalesce(daily_comm_instant, 0)", "coalesce(currency_digits, 2)"
        )
    }} as commission_amount,
    {{
        platform_money(
            "coalesce(daily_comm_round, 0)", "coalesce(currency_digits, 2)"
        )
    }} as commission_round_amount,
    {{ platform_money("coalesce(daily_comm_fee, 0)", "coalesce(currency_digits, 2)") }}
    as fees_amount,
    {{ platform_money("coalesce(daily_dividend, 0)", "coalesce(currency_digits, 2)") }}
    as dividends_amount,
    {{ platform_money("coalesce(daily_taxes, 0)", "coalesce(currency_digits, 2)") }}
    as taxes_amount,
    {{
        platform_money(
            "coalesce(daily_so_compensation, 0)", "coalesce(currency_digits, 2)"
        )
    }} as stop_out_compensation_amount,
    {{ platform_money("coalesce(daily_agent, 0)", "coalesce(currency_digits, 2)") }}
    as agent_commission_amount,
    {{ platform_money("coalesce(daily_interest, 0)", "coalesce(currency_digits, 2)") }}
    as interest_amount
from reports
