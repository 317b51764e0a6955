with orders as (select * from {{ live_rows("mt5_orders") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    "order" as order_id,
    login,
    symbol,
    type as type_code,
    state as state_code,
    time_setup as placed_at_server,
    time_expiration as expires_at_server,
    cast(price_order as decimal(24, 8)) as order_price,
    -- the platform writes 0 where none is set
    nullif(cast(price_sl as decimal(24, 8)), 0) as stop_loss_price,
    nullif(cast(price_tp as decimal(24, 8)), 0) as take_profit_price,
    {{ lots("volume_initial_ext", "volume_initial") }} as initial_lots,
    {{ lots("volume_current_ext", "volume_current") }} as remaining_lots,
    coalesce(comment, '') as comment
from orders
