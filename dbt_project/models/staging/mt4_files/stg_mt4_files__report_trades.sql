with

    trades as (
        select
            *,
            _tenant_id as tenant_id,
            _source as server_id,
            coalesce(comment, '') as comment_text
        from {{ current_rows("mt4_report_trades") }} as rows_now
    ),

    {{ mt4_trade_clocks("open_time", "close_time") }}

select
    trades.tenant_id,
    trades.server_id,
    trades.deal as ticket_id,
    trades.login,
    trades.type as command,
    trades.type in ('buy', 'sell') as is_trade,
    trades.type in ('buy', 'sell') and trades.close_time is null as is_open,
    lower(trades.reason) as reason,
    coalesce(trades.agent, 0) as agent_commission_amount,
    {{ mt4_printed_trade_columns("volume") }}
from trades {{ mt4_trade_clock_joins("open_time", "close_time") }}
