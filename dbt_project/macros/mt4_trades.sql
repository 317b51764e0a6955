{#-
    The clock of each server at the hours its trades name: CTEs ``servers`` and ``offsets`` over a
    CTE ``trades`` with tenant_id and server_id.
-#}
{% macro mt4_trade_clocks(opened, closed) -%}
    servers as (
        select tenant_id, server_id, end_of_day_minutes, internal_transfer_prefix
        from {{ source("meta", "servers") }}
    ),

    hours as (
        select distinct
            tenant_id, server_id, date_trunc('hour', at_server) as server_hour
        from
            (
                select tenant_id, server_id, {{ opened }} as at_server
                from trades
                union all
                select tenant_id, server_id, {{ closed }} as at_server
                from trades
            ) as moments
        where at_server is not null
    ),

    offsets as (select * from {{ server_offsets("hours") }} as clock)
{%- endmacro %}


{#- Joins them: ``servers``, and the offsets ``opening`` and ``closing``. -#}
{% macro mt4_trade_clock_joins(opened, closed) -%}
    left join
        servers
        on servers.tenant_id = trades.tenant_id
        and servers.server_id = trades.server_id
    left join
        offsets as opening
        on opening.tenant_id = trades.tenant_id
        and opening.server_id = trades.server_id
        and opening.server_hour = date_trunc('hour', trades.{{ opened }})
    left join
        offsets as closing
        on closing.tenant_id = trades.tenant_id
        and closing.server_id = trades.server_id
        and closing.server_hour = date_trunc('hour', trades.{{ closed }})
{%- endmacro %}


{#-
    The columns of a trade as files print it (reports and statements name its type and its money
    alike).

    Args:
        volume: the column with its lots.
-#}
{% macro mt4_printed_trade_columns(volume) -%}
    {{
        server_day(
            "case when trades.type in ('balance', 'credit') then trades.open_time else trades.close_time end"
        )
    }}
    as business_date,
    trades.open_time as opened_at_server,
    {{ minutes_after("trades.open_time", "-opening.offset_minutes") }} as opened_at_utc,
    trades.close_time as closed_at_server,
    {{ minutes_after("trades.close_time", "-closing.offset_minutes") }}
    as closed_at_utc,
    case
        when trades.type in ('balance', 'credit')
        then ''
        else coalesce(trades.symbol, '')
    end as symbol,
    coalesce(trades.{{ volume }}, 0) as volume_lots,
    trades.open_price,
    trades.close_price,
    nullif(trades.stop_loss, 0) as stop_loss_price,
    nullif(trades.take_profit, 0) as take_profit_price,
    trades.currency as account_currency,
    coalesce(trades.profit, 0) as profit_amount,
    coalesce(trades.swap, 0) as swap_amount,
    coalesce(trades.commission, 0) as commission_amount,
    coalesce(trades.taxes, 0) as taxes_amount,
    trades.comment_text as "comment",
    {{ mt4_comment_is_full("trades.comment_text") }} as is_comment_full,
    {{ mt4_ticket_in("trades.comment_text", "from") }} as from_ticket_id,
    {{ mt4_ticket_in("trades.comment_text", "to") }} as to_ticket_id,
    case
        when trades.close_time is not null and trades.type not in ('balance', 'credit')
        then {{ mt4_close_reason("trades.comment_text") }}
    end as close_reason,
    case
        when trades.type = 'balance'
        then {{ mt4_crm_request_id("trades.comment_text") }}
    end as crm_request_id,
    trades.type = 'balance'
    and {{ mt4_is_swap_posting("trades.comment_text") }} as is_swap_posting,
    trades.type = 'balance'
    and {{
        mt4_is_internal_transfer(
            "trades.comment_text", "servers.internal_transfer_prefix"
        )
    }} as is_internal_transfer,
    trades._source_table as file_name,
    trades._source_row as file_row,
    trades._row_id as raw_row_id,
    trades._load_id as load_id
{%- endmacro %}
