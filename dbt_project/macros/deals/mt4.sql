{#-
    MetaTrader 4 keeps one row a ticket. In the shape of deals it is an opening, whose money is
    nothing yet, and a closing that settles the result, swap and commission; taxes settle with it as
    an operation of their own. A balance or credit operation is one deal.

    After a partial close the ticket keeps the volume that was closed and the rest goes on under a
    ticket of its own with the same opening: their openings add up to what was opened. The rest's is
    named `rest`, so that it counts as volume and not as another deal.

    Reads CTEs ``mt4_trades`` and ``servers``.
-#}
{% macro mt4_deals() -%}
    {%- set zero = "cast(0 as decimal(24, 8))" -%}
    {%- for event in ["opening", "closing", "taxes", "operation"] %}
        {%- set is_trade = event in ["opening", "closing"] %}
        {%- set is_dated_by_opening = event in ["opening", "operation"] %}
        {%- set at = "opened" if is_dated_by_opening else "closed" %}
        select
            tenant_id,
            server_id,
            'mt4' as platform,
            ticket_id as deal_id,
            tenant_id
            || '/'
            || server_id
            || '/'
            || cast(ticket_id as varchar)
            || '{{ {"opening": "/in", "closing": "/out", "taxes": "/tax", "operation": ""}[event] }}'
            as deal_key,
            login,
            {{ "opened_date" if event == "opening" else "business_date" }}
            as business_date,
            {{ at }}_at_server as executed_at_server,
            {{ at }}_at_utc as executed_at_utc,
            cast(null as integer) as utc_offset_minutes,
            {%- if event == "opening" %} opened_at_utc as changed_at_utc,
            {%- else %}
                {{
                    minutes_after(
                        "changed_at_server",
                        "-" ~ minutes_between(at ~ "_at_utc", at ~ "_at_server"),
                    )
                }} as changed_at_utc,
            {%- endif %}
            ticket_id as order_id,
            {{ "ticket_id" if event != "operation" else "cast(0 as bigint)" }}
            as position_id,
            command_code as action_code,
            {%- if event == "opening" %}
                case
                    when from_ticket_id is not null then 'rest' else command
                end as action,
            {%- elif event == "closing" %}
                case command when 'buy' then 'sell' else 'buy' end as action,
            {%- elif event == "taxes" %} 'tax' as action,
            {%- else %} command as action,
            {%- endif %}
            cast(
                {{ {"opening": "0", "closing": "1"}.get(event, "null") }} as bigint
            ) as entry_code,
            {{
                {"opening": "'in'", "closing": "'out'"}.get(
                    event, "cast(null as varchar)"
                )
            }} as entry,
            cast(null as bigint) as reason_code,
            {{ "''" if event == "operation" else "symbol" }} as symbol,
            {%- if event == "opening" %} command as side,
            {%- elif event == "closing" %}
                case command when 'buy' then 'sell' else 'buy' end as side,
            {%- else %} cast(null as varchar) as side,
            {%- endif %}
            {{ is_trade | lower }} as is_trade,
            {{ is_trade | lower }} as is_turnover,
            {{
                {"opening": "open_price", "closing": "close_price"}.get(
                    event, "cast(null as decimal(24, 8))"
                )
            }} as price,
            cast(null as decimal(24, 8)) as market_spread_price,
            {{ "volume_lots" if is_trade else zero }} as volume_lots,
            {{ "volume_lots" if event == "closing" else zero }} as volume_closed_lots,
            {{
                (
                    product(["volume_lots", "contract_size"], 38)
                    if is_trade
                    else "cast(null as decimal(38, 8))"
                )
            }} as volume_units,
            {{ "profit_amount" if event == "closing" else zero }} as closed_pnl_amount,
            {%- if event == "closing" %} swap_amount as swap_amount,
            {%- elif event == "operation" %}
                case
                    when is_swap_posting then profit_amount else {{ zero }}
                end as swap_amount,
            {%- else %} {{ zero }} as swap_amount,
            {%- endif %}
            {{ "commission_amount" if event == "closing" else zero }}
            as commission_amount,
            {{ zero }} as fee_amount,
            {%- if is_trade %} 'trade' as component,
            {%- elif event == "taxes" %} 'tax' as component,
            {%- else %}
                case
                    when command = 'credit'
                    then 'credit'
                    when is_swap_posting
                    then 'swap'
                    when is_internal_transfer
                    then 'internal_transfer'
                    when profit_amount >= 0
                    then 'deposit'
                    else 'withdrawal'
                end as component,
            {%- endif %}
            {%- if event == "closing" %}
                cast(
                    profit_amount + swap_amount + commission_amount as decimal(24, 8)
                ) as balance_effect_amount,
                {{ zero }} as credit_effect_amount,
            {%- elif event == "operation" %}
                case
                    when command = 'credit' then {{ zero }} else profit_amount
                end as balance_effect_amount,
                case
                    when command = 'credit' then profit_amount else {{ zero }}
                end as credit_effect_amount,
            {%- else %}
                {{ "taxes_amount" if event == "taxes" else zero }}
                as balance_effect_amount,
                {{ zero }} as credit_effect_amount,
            {%- endif %}
            comment,
            false as is_modified,
            raw_row_id,
            load_id
        from mt4_trades
        where
            {%- if event == "opening" %} is_trade
            {%- elif event == "closing" %} is_trade and not is_open
            {%- elif event == "taxes" %} is_trade and not is_open and taxes_amount <> 0
            {%- else %} command in ('balance', 'credit')
            {%- endif %}
            {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
