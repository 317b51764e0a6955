{#-
    cTrader states its open positions as of now only: those of a close follow from the deals up to it. A
    closing deal states what the rest was opened at; what is opened after it is averaged in.

    Gives CTEs from ``ctrader_filled`` (the filled deals of the positions asked for) to
    ``ctrader_states``: a position after the last deal of a day, until the day of its next deal.
-#}
{% macro ctrader_position_states() -%}
    {%- set position = "tenant_id, server_id, position_id" -%}
    ctrader_counted as (
        select
            {{ position }},
            login,
            symbol,
            business_date,
            executed_at_utc,
            deal_id,
            is_closing,
            filled_units,
            closed_units,
            price,
            entry_price,
            sum(
                case side when 'sell' then - filled_units else filled_units end
            ) over position_window as net_units,
            sum(case when is_closing then 1 else 0 end) over position_window as segment,
            sum(realised_swap_amount) over position_window as realised_swap_amount,
            first_value(executed_at_utc) over position_window as opened_at_utc,
            lead(business_date) over (
                partition by {{ position }} order by executed_at_utc, deal_id
            ) as next_date
        from ctrader_filled
        window
            position_window as (
                partition by {{ position }}
                order by executed_at_utc, deal_id
                rows between unbounded preceding and current row
            )
    ),

    ctrader_costed as (
        select
            {{ position }},
            login,
            symbol,
            business_date,
            next_date,
            net_units,
            realised_swap_amount,
            opened_at_utc,
            sum(
                case when is_closing then abs(net_units) else filled_units end
            ) over segment_window as segment_units,
            sum(
                case
                    when not is_closing
                    then filled_units * price
                    -- it closed everything and went on to the other side
                    when filled_units > closed_units
                    then abs(net_units) * price
                    else abs(net_units) * entry_price
                end
            ) over segment_window as segment_cost
        from ctrader_counted
        window
            segment_window as (
                partition by {{ position }}, segment
                order by executed_at_utc, deal_id
                rows between unbounded preceding and current row
            )
    ),

    ctrader_states as (
        select
            {{ position }},
            login,
            symbol,
            business_date as first_date,
            coalesce(next_date, date '9999-12-31') as next_date,
            net_units,
            realised_swap_amount,
            opened_at_utc,
            {{ ratio("segment_cost", "segment_units", 12) }} as open_price
        from ctrader_costed
        where net_units <> 0 and (next_date is null or next_date > business_date)
    ),

    ctrader_hours as (
        select distinct
            tenant_id, server_id, date_trunc('hour', opened_at_utc) as utc_hour
        from ctrader_states
    ),

    ctrader_clock as (
        select
            hours.tenant_id,
            hours.server_id,
            hours.utc_hour,
            {{
                minutes_between(
                    "hours.utc_hour",
                    utc_to_server_time(
                        "hours.utc_hour",
                        "servers.clock_zone",
                        "servers.clock_shift_minutes",
                    ),
                )
            }} as offset_minutes
        from ctrader_hours as hours
        inner join
            {{ source("meta", "servers") }} as servers
            on servers.tenant_id = hours.tenant_id
            and servers.server_id = hours.server_id
    )
{%- endmacro %}


{#-
    Those states at every close since the position was opened, with the nights of swap since the close
    before: swap accrues at the rate of each close, so that all of them are needed for one.
-#}
{% macro ctrader_positions_held() -%}
    {%- set first_night -%}
        greatest(
            states.first_date,
            coalesce(
                {{ days_after("closes.previous_close_date", 1) }}, states.first_date
            )
        )
    {%- endset -%}
    select
        states.tenant_id,
        states.server_id,
        'ctrader' as platform,
        closes.business_date,
        valued_closes.business_date is not null as is_valued,
        states.position_id,
        states.login,
        states.symbol,
        case when states.net_units < 0 then 'sell' else 'buy' end as side,
        {{ ratio("abs(states.net_units)", "instruments.contract_size") }}
        as volume_lots,
        cast(abs(states.net_units) as decimal(38, 8)) as volume_units,
        {{ minutes_after("states.opened_at_utc", "clock.offset_minutes") }}
        as opened_at_server,
        {{ rounded_to("states.open_price", "instruments.digits") }} as open_price,
        cast(0 as decimal(24, 8)) as commission_amount,
        {{
            swap_nights_before(
                days_after("closes.business_date", 1),
                "instruments.triple_swap_weekday",
            )
        }}
        - {{ swap_nights_before(first_night, "instruments.triple_swap_weekday") }}
        as nights,
        cast(states.realised_swap_amount as decimal(24, 8)) as realised_swap_amount
    from ctrader_states as states
    inner join
        closes
        on closes.tenant_id = states.tenant_id
        and closes.server_id = states.server_id
        and closes.business_date >= states.first_date
        and closes.business_date < states.next_date
    left join
        valued_closes
        on valued_closes.tenant_id = closes.tenant_id
        and valued_closes.server_id = closes.server_id
        and valued_closes.business_date = closes.business_date
    left join
        ctrader_clock as clock
        on clock.tenant_id = states.tenant_id
        and clock.server_id = states.server_id
        and clock.utc_hour = date_trunc('hour', states.opened_at_utc)
    left join
        instruments
        on instruments.tenant_id = states.tenant_id
        and instruments.server_id = states.server_id
        and instruments.symbol = states.symbol
{%- endmacro %}
