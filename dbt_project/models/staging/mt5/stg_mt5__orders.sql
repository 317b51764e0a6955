with orders as (select * from {{ current_rows("mt5_orders_history") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    "order" as order_id,
    login,
    position_id,
    symbol,
    type as type_code,
    state as state_code,
    reason as reason_code,
    time_setup as placed_at_server,
    time_done as done_at_server,
    cast(price_order as decimal(24, 8)) as order_price,
    {{ lots("volume_initial_ext", "volume_initial") }} as initial_lots,
    {{ lots("volume_current_ext", "volume_current") }} as remaining_lots,
    coalesce(comment, '') as comment
from orders
