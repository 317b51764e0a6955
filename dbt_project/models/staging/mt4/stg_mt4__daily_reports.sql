with

    reports as (select * from {{ current_rows("mt4_daily") }} as rows_now),

    accounts as (select * from {{ mt4_account_currencies() }} as currencies)

select
    reports._tenant_id as tenant_id,
    reports._source as server_id,
    reports.login,
    reports._business_date as business_date,
    {{ epoch_to_timestamp("reports.time") }} as reported_at_server,
    reports."group" as group_name,
    accounts.account_currency,
    cast(accounts.currency_digits as integer) as currency_digits,
    {{ platform_money("reports.balance_prev", "accounts.currency_digits") }}
    as previous_balance_amount,
    {{ platform_money("reports.balance", "accounts.currency_digits") }}
    as balance_amount,
    {{ platform_money("coalesce(reports.deposit, 0)", "accounts.currency_digits") }}
    as balance_operations_amount,
    {{
        platform_money(
            "coalesce(reports.profit_closed, 0)", "accounts.currency_digits"
        )
    }} as closed_result_amount,
    {{ platform_money("coalesce(reports.credit, 0)", "accounts.currency_digits") }}
    as credit_amount,
    {{ platform_money("coalesce(reports.profit, 0)", "accounts.currency_digits") }}
    as floating_result_amount,
    {{ platform_money("reports.equity", "accounts.currency_digits") }} as equity_amount,
    {{ platform_money("reports.margin", "accounts.currency_digits") }} as margin_amount,
    {{ platform_money("reports.margin_free", "accounts.currency_digits") }}
    as free_margin_amount
from reports
left join
    accounts
    on accounts.tenant_id = reports._tenant_id
    and accounts.server_id = reports._source
    and accounts.login = reports.login
