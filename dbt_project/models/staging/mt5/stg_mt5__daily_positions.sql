with positions as (select * from {{ current_rows("mt5_daily_positions") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    position as position_id,
    login,
    _business_date as business_date,
    symbol,
    case action when 0 then 'buy' when 1 then 'sell' end as side,
    cast(digits_currency as integer) as currency_digits,
    cast(contract_size as decimal(24, 8)) as contract_size,
    time_create as opened_at_server,
    -- a netting position's open price is volume-weighted: it has more digits than the
    -- symbol
    cast(price_open as decimal(24, 8)) as open_price,
    {{ platform_money("price_current", "digits") }} as close_price,
    {{ lots("volume_ext", "volume") }} as volume_lots,
    {{ platform_money("profit", "digits_currency") }} as floating_pnl_amount,
    {{ platform_money("coalesce(storage, 0)", "digits_currency") }}
    as floating_swap_amount,
    cast(rate_profit as decimal(24, 12)) as profit_rate
from positions
