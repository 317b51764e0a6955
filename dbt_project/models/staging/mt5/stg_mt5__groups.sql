with groups as (select * from {{ current_rows("mt5_groups") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    "group" as group_name,
    currency as account_currency,
    cast(currency_digits as integer) as currency_digits,
    company,
    case margin_mode when 0 then 'netting' when 2 then 'hedging' end as margin_mode
from groups
