{#-
    What the server's clock was ahead of UTC, in minutes, measured on a row nobody modified: its
    change marker is the UTC instant of the event. A marker that was set later (a late deal) does
    not lie within a second of a multiple of 15 minutes, or not within 14 hours: NULL.
-#}
{% macro measured_utc_offset(filetime, server_time, modify_flags) -%}
    {%- set ahead = microseconds_between(
        filetime_to_timestamp(filetime), server_time
    ) -%}
    case
        when
            coalesce({{ modify_flags }}, 0) = 0
            and abs({{ ahead }}) <= 50401000000
            and abs(
                {{ ahead }}
                - cast(round({{ ahead }} / 900000000.0) as bigint) * 900000000
            )
            <= 1000000
        then cast(round({{ ahead }} / 900000000.0) as integer) * 15
    end
{%- endmacro %}
