with

    trades as (
        select
            *,
            _tenant_id as tenant_id,
            _source as server_id,
            coalesce(comment, '') as comment_text,
            {{ epoch_to_timestamp("open_time") }} as opened_at_server,
            {{ epoch_to_timestamp("close_time") }} as closed_at_server
        from {{ current_rows("mt4_trades") }} as rows_now
    ),

    accounts as (select * from {{ mt4_account_currencies() }} as currencies),

    {{ mt4_trade_clocks("opened_at_server", "closed_at_server") }}

select
    trades.tenant_id,
    trades.server_id,
    trades.ticket as ticket_id,
    trades.login,
    trades.cmd as command_code,
    {{ mt4_command("trades.cmd") }} as command,
    trades.cmd in (0, 1) as is_trade,
    trades.cmd in (0, 1) and trades.close_time is null as is_open,
    trades.cmd between 2 and 5 and trades.close_time is null as is_working,
    coalesce(
        trades._business_date,
        case when trades.cmd >= 6 then {{ server_day("trades.opened_at_server") }} end
    ) as business_date,
    {{ server_day("trades.opened_at_server") }} as opened_date,
    trades.opened_at_server,
    {{ minutes_after("trades.opened_at_server", "-opening.offset_minutes") }}
    as opened_at_utc,
    trades.closed_at_server,
    {{ minutes_after("trades.closed_at_server", "-closing.offset_minutes") }}
    as closed_at_utc,
    {{ epoch_to_timestamp("trades.expiration") }} as expires_at_server,
    {{ epoch_to_timestamp("trades.modify_time") }} as changed_at_server,
    coalesce(trades.symbol, '') as symbol,
    cast(trades.digits as integer) as price_digits,
    cast(
        cast(trades.volume as decimal(24, 0))
        * cast(0.01 as decimal(3, 2)) as decimal(24, 8)
    ) as volume_lots,
    {{ platform_money("trades.open_price", "trades.digits") }} as open_price,
    {{ platform_money("trades.close_price", "trades.digits") }} as close_price,
    {{ platform_money("nullif(trades.sl, 0)", "trades.digits") }} as stop_loss_price,
    {{ platform_money("nullif(trades.tp, 0)", "trades.digits") }} as take_profit_price,
    case
        trades.reason
        when 0
        then 'client'
        when 1
        then 'expert'
        when 2
        then 'dealer'
        when 3
        then 'signal'
        when 4
        then 'gateway'
        when 5
        then 'mobile'
        when 6
        then 'web'
        when 7
        then 'api'
    end as reason,
    accounts.account_currency,
    cast(accounts.currency_digits as integer) as currency_digits,
    {{ platform_money("trades.profit", "accounts.currency_digits") }} as profit_amount,
    {{ platform_money("coalesce(trades.swaps, 0)", "accounts.currency_digits") }}
    as swap_amount,
    {{ platform_money("coalesce(trades.commission, 0)", "accounts.currency_digits") }}
    as commission_amount,
    {{ platform_money("coalesce(trades.taxes, 0)", "accounts.currency_digits") }}
    as taxes_amount,
    {{
        platform_money(
            "coalesce(trades.commission_agent, 0)", "accounts.currency_digits"
        )
    }} as agent_commission_amount,
    cast(trades.conv_rate1 as decimal(24, 12)) as opening_profit_rate,
    cast(trades.conv_rate2 as decimal(24, 12)) as closing_profit_rate,
    cast(trades.margin_rate as decimal(24, 12)) as margin_rate,
    trades.magic as magic_number,
    trades.comment_text as comment,
    {{ mt4_comment_is_full("trades.comment_text") }} as is_comment_full,
    {{ mt4_ticket_in("trades.comment_text", "from") }} as from_ticket_id,
    {{ mt4_ticket_in("trades.comment_text", "to") }} as to_ticket_id,
    case
        when trades.close_time is not null and trades.cmd < 6
        then {{ mt4_close_reason("trades.comment_text") }}
    end as close_reason,
    case
        when trades.cmd = 6 then {{ mt4_crm_request_id("trades.comment_text") }}
    end as crm_request_id,
    trades.cmd = 6
    and {{ mt4_is_swap_posting("trades.comment_text") }} as is_swap_posting,
    trades.cmd = 6
    and {{
        mt4_is_internal_transfer(
            "trades.comment_text", "servers.internal_transfer_prefix"
        )
    }} as is_internal_transfer,
    trades._row_id as raw_row_id,
    trades._load_id as load_id
from trades
left join
    accounts
    on accounts.tenant_id = trades.tenant_id
    and accounts.server_id = trades.server_id
    and accounts.login = trades.login
    {{ mt4_trade_clock_joins("opened_at_server", "closed_at_server") }}
