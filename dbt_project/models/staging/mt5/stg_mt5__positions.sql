with positions as (select * from {{ live_rows("mt5_positions") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    position as position_id,
    login,
    symbol,
    case action when 0 then 'buy' when 1 then 'sell' end as side,
    cast(contract_size as decimal(24, 8)) as contract_size,
    time_create as opened_at_server,
    cast(price_open as decimal(24, 8)) as open_price,
    {{ platform_money("price_current", "digits") }} as current_price,
    {{ lots("volume_ext", "volume") }} as volume_lots,
    {{ platform_money("profit", "digits_currency") }} as floating_pnl_amount,
    {{ platform_money("coalesce(storage, 0)", "digits_currency") }}
    as floating_swap_amount
from positions
