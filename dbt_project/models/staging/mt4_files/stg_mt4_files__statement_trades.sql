with

    printed as (
        select
            *,
            _tenant_id as tenant_id,
            _source as server_id,
            coalesce(comment, '') as comment_text,
            row_number() over (
                partition by _tenant_id, _source, login, ticket
                order by statement_at desc
            ) as place
        from {{ current_rows("mt4_statement_trades") }} as rows_now
    ),

    -- the same trade is on every statement that covers it: the latest one tells
    trades as (select * from printed where place = 1),

    {{ mt4_trade_clocks("open_time", "close_time") }}

select
    trades.tenant_id,
    trades.server_id,
    trades.ticket as ticket_id,
    trades.login,
    trades.type as command,
    trades.type in ('buy', 'sell') as is_trade,
    trades.section = 'open' as is_open,
    trades.section = 'working' as is_working,
    trades.statement_at as statement_at_server,
    trades.magic as magic_number,
    {{ mt4_printed_trade_columns("size") }}
from trades {{ mt4_trade_clock_joins("open_time", "close_time") }}
