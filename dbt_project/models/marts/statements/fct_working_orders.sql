{{ config(materialized="view") }}

with

    servers as (
        select tenant_id, server_id, end_of_day_minutes
        from {{ source("meta", "servers") }}
    ),

    -- finished ones, and those that wait now
    mt5_orders as (
        select
            tenant_id,
            server_id,
            order_id,
            login,
            coalesce(symbol, '') as symbol,
            type_code,
            initial_lots,
            order_price,
            cast(null as decimal(24, 8)) as stop_loss_price,
            cast(null as decimal(24, 8)) as take_profit_price,
            placed_at_server,
            done_at_server
        from {{ ref("stg_mt5__orders") }}
        union all
        select
            waiting.tenant_id,
            waiting.server_id,
            waiting.order_id,
            waiting.login,
            waiting.symbol,
            waiting.type_code,
            waiting.initial_lots,
            waiting.order_price,
            waiting.stop_loss_price,
            waiting.take_profit_price,
            waiting.placed_at_server,
            null
        from {{ ref("stg_mt5__working_orders") }} as waiting
        left join
            {{ ref("stg_mt5__orders") }} as finished
            on finished.tenant_id = waiting.tenant_id
            and finished.server_id = waiting.server_id
            and finished.order_id = waiting.order_id
        where finished.order_id is null
    ),

    orders as (
        select
            tenant_id,
            server_id,
            order_id,
            login,
            symbol,
            case
                type_code
                when 2
                then 'buy_limit'
                when 3
                then 'sell_limit'
                when 4
                then 'buy_stop'
                when 5
                then 'sell_stop'
                when 6
                then 'buy_stop_limit'
                else 'sell_stop_limit'
            end as order_type,
            cast(initial_lots as decimal(24, 8)) as volume_lots,
            order_price,
            stop_loss_price,
            take_profit_price,
            placed_at_server,
            done_at_server
        from mt5_orders
        where type_code between 2 and 7
        union all
        select
            tenant_id,
            server_id,
            ticket_id,
            login,
            symbol,
            replace(command, ' ', '_'),
            volume_lots,
            open_price,
            stop_loss_price,
            take_profit_price,
            opened_at_server,
            closed_at_server
        from {{ ref("stg_mt4__trades") }}
        where command_code between 2 and 5
    )

select
    orders.tenant_id,
    orders.server_id,
    orders.order_id,
    orders.login,
    {{ account_key("orders") }} as account_key,
    orders.symbol,
    orders.order_type,
    orders.volume_lots,
    cast(orders.order_price as decimal(24, 8)) as order_price,
    cast(orders.stop_loss_price as decimal(24, 8)) as stop_loss_price,
    cast(orders.take_profit_price as decimal(24, 8)) as take_profit_price,
    orders.placed_at_server,
    {{ server_day("orders.placed_at_server") }} as placed_date,
    orders.done_at_server,
    {{ server_day("orders.done_at_server") }} as done_date
from orders
left join
    servers
    on servers.tenant_id = orders.tenant_id
    and servers.server_id = orders.server_id
