{#-
    MetaTrader 4's trades that are open at a close. After a partial close the rest goes on under a ticket
    of its own with the same opening: until then both are one position, under the first ticket that was
    open, so that a split changes nothing about the closes before it.

    Reads CTEs ``mt4_tickets``, ``mt4_roots`` and ``valued_closes``; swap is that of all nights since
    the opening, the one after the close not included.
-#}
{% macro mt4_positions_held() -%}
    select
        closes.tenant_id,
        closes.server_id,
        'mt4' as platform,
        closes.business_date,
        true as is_valued,
        min(tickets.ticket_id) as position_id,
        tickets.login,
        min(tickets.symbol) as symbol,
        min(tickets.command) as side,
        cast(sum(tickets.volume_lots) as decimal(24, 8)) as volume_lots,
        cast(
            sum(tickets.volume_lots) * min(instruments.contract_size) as decimal(38, 8)
        ) as volume_units,
        min(tickets.opened_at_server) as opened_at_server,
        min(tickets.open_price) as open_price,
        cast(sum(tickets.commission_amount) as decimal(24, 8)) as commission_amount,
        {{
            swap_nights_before(
                "closes.business_date", "min(instruments.triple_swap_weekday)"
            )
        }}
        - {{
            swap_nights_before(
                "min(tickets.opened_date)", "min(instruments.triple_swap_weekday)"
            )
        }} as nights,
        cast(0 as decimal(24, 8)) as realised_swap_amount
    from valued_closes as closes
    inner join
        mt4_tickets as tickets
        on tickets.tenant_id = closes.tenant_id
        and tickets.server_id = closes.server_id
        and tickets.opened_date <= closes.business_date
        and tickets.closed_date > closes.business_date
        -- most are closed on the day they were opened
        and tickets.closed_date > tickets.opened_date
    left join
        mt4_roots as roots
        on roots.tenant_id = tickets.tenant_id
        and roots.server_id = tickets.server_id
        and roots.ticket_id = tickets.ticket_id
    left join
        instruments
        on instruments.tenant_id = tickets.tenant_id
        and instruments.server_id = tickets.server_id
        and instruments.symbol = tickets.symbol
    group by
        closes.tenant_id,
        closes.server_id,
        closes.business_date,
        tickets.login,
        coalesce(roots.root_id, tickets.ticket_id)
{%- endmacro %}


{#- Each ticket that a partial close left over, with the ticket that was opened. -#}
{% macro mt4_roots() -%}
    select tenant_id, server_id, ticket_id, ticket_id as root_id
    from mt4_tickets
    where to_ticket_id is not null and from_ticket_id is null
    union all
    select tickets.tenant_id, tickets.server_id, tickets.ticket_id, roots.root_id
    from mt4_roots as roots
    inner join
        mt4_tickets as tickets
        on tickets.tenant_id = roots.tenant_id
        and tickets.server_id = roots.server_id
        and tickets.from_ticket_id = roots.ticket_id
{%- endmacro %}
