with

    positions as (
        select * from {{ current_rows("mt5_files_open_positions") }} as rows_now
    ),

    servers as (
        select tenant_id, server_id, clock_zone, clock_shift_minutes
        from {{ source("meta", "servers") }}
    )

select
    positions._tenant_id as tenant_id,
    positions._source as server_id,
    positions."position" as position_id,
    positions.login,
    positions.reported_at as reported_at_terminal,
    positions.symbol,
    positions.type as side,
    positions.volume as volume_lots,
    positions.time_open as opened_at_server,
    {{
        server_time_to_utc(
            "positions.time_open", "servers.clock_zone", "servers.clock_shift_minutes"
        )
    }} as opened_at_utc,
    positions.price_open as open_price,
    positions.price_current as current_price,
    positions.price_sl as stop_loss_price,
    positions.price_tp as take_profit_price,
    positions.profit as profit_amount,
    positions.swap as storage_amount,
    positions.currency as account_currency,
    coalesce(positions.comment, '') as "comment",
    positions._row_id as raw_row_id,
    positions._load_id as load_id
from positions
left join
    servers
    on servers.tenant_id = positions._tenant_id
    and servers.server_id = positions._source
