with

    orders as (select * from {{ current_rows("mt5_files_orders") }} as rows_now),

    servers as (
        select tenant_id, server_id, clock_zone, clock_shift_minutes
        from {{ source("meta", "servers") }}
    )

select
    orders._tenant_id as tenant_id,
    orders._source as server_id,
    orders."order" as order_id,
    orders.login,

    orders.symbol,
    orders.type as order_type,
    orders.state,
    orders.volume_initial as requested_lots,
    orders.volume_filled as filled_lots,
    orders.price,
    orders.is_market,
    orders.price_sl as stop_loss_price,
    orders.price_tp as take_profit_price,
    orders.time_setup as placed_at_server,
    {{
        server_time_to_utc(
            "orders.time_setup", "servers.clock_zone", "servers.clock_shift_minutes"
        )
    }} as placed_at_utc,
    orders.time_done as done_at_server,
    {{
        server_time_to_utc(
            "orders.time_done", "servers.clock_zone", "servers.clock_shift_minutes"
        )
    }} as done_at_utc,
    coalesce(orders.comment, '') as "comment",
    orders._row_id as raw_row_id,
    orders._load_id as load_id
from orders
left join
    servers
    on servers.tenant_id = orders._tenant_id
    and servers.server_id = orders._source
