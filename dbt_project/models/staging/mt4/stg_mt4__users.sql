with

    users as (select * from {{ current_rows("mt4_users") }} as rows_now),

    states as (select * from {{ live_rows("mt4_accounts") }} as rows_live),

    accounts as (select * from {{ mt4_account_currencies() }} as currencies)

select
    users._tenant_id as tenant_id,
    users._source as server_id,
    users.login,
    users."group" as group_name,
    accounts.account_currency,
    cast(accounts.currency_digits as integer) as currency_digits,
    users.country,
    cast({{ epoch_to_timestamp("users.regdate") }} as date) as registered_date,
    {{ epoch_to_timestamp("states.lastdate") }} as last_login_at_server,
    cast(users.leverage as integer) as leverage,
    nullif(users.agent_account, 0) as agent_login,
    users.enable = 1 as is_enabled,
    users.enable_readonly = 1 as is_read_only,
    users.lead_source,
    users.status,
    {{ platform_money("states.balance", "accounts.currency_digits") }}
    as balance_amount,
    {{ platform_money("coalesce(states.credit, 0)", "accounts.currency_digits") }}
    as credit_amount,
    {{ platform_money("states.equity", "accounts.currency_digits") }} as equity_amount,
    {{ platform_money("states.margin", "accounts.currency_digits") }} as margin_amount,
    {{ platform_money("states.margin_free", "accounts.currency_digits") }}
    as free_margin_amount
from users
left join
    states
    on states._tenant_id = users._tenant_id
    and states._source = users._source
    and states.login = users.login
left join
    accounts
    on accounts.tenant_id = users._tenant_id
    and accounts.server_id = users._source
    and accounts.login = users.login
