{#-
    Minutes that each server's clock is ahead of UTC, for every hour in a relation of tenant_id,
    server_id and server_hour. A zone's rules are slow to ask for every row. An hour that the clock
    shows twice is read as the second one (standard time), one that it skips as the hour after.
-#}
{% macro server_offsets(hours) -%}
    (
        select
            hours.tenant_id,
            hours.server_id,
            hours.server_hour,
            {{
                minutes_between(
                    server_time_to_utc(
                        "hours.server_hour",
                        "servers.clock_zone",
                        "servers.clock_shift_minutes",
                    ),
                    "hours.server_hour",
                )
            }} as offset_minutes
        from {{ hours }} as hours
        inner join
            {{ source("meta", "servers") }} as servers
            on servers.tenant_id = hours.tenant_id
            and servers.server_id = hours.server_id
            and servers.clock_zone <> ''
    )
{%- endmacro %}


{#- The business day that a time on a server's clock belongs to: its day ends when the server's does. -#}
{% macro server_day(at_server, servers="servers") -%}
    cast(
        {{
            minutes_after(
                at_server, "1439 - coalesce(" ~ servers ~ ".end_of_day_minutes, 1439)"
            )
        }} as date
    )
{%- endmacro %}
