with symbols as (select * from {{ current_rows("broker_symbols") }} as rows_now)

select
    _tenant_id as tenant_id,
    server_id,
    symbol,
    contract_size,
    base_currency,
    profit_currency,
    margin_currency,
    digits as price_digits,
    description,
    swap_long_points,
    swap_short_points,
    -- MetaTrader's own default is Wednesday
    coalesce(triple_swap_weekday, 3) as triple_swap_weekday
from symbols
