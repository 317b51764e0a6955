{#- The UTC instant of a server-clock time: the server shows a zone's local time plus a shift. -#}
{% macro server_time_to_utc(server_time, zone, shift_minutes) -%}
    {{
        return(
            adapter.dispatch("server_time_to_utc", "daybook")(
                server_time, zone, shift_minutes
            )
        )
    }}
{%- endmacro %}


{% macro duckdb__server_time_to_utc(server_time, zone, shift_minutes) -%}
    timezone(
        'UTC', timezone({{ zone }}, {{ server_time }} - to_minutes({{ shift_minutes }}))
    )
{%- endmacro %}


{#- What a server's clock shows at a UTC instant. -#}
{% macro utc_to_server_time(utc_time, zone, shift_minutes) -%}
    {{
        return(
            adapter.dispatch("utc_to_server_time", "daybook")(
                utc_time, zone, shift_minutes
            )
        )
    }}
{%- endmacro %}


{% macro duckdb__utc_to_server_time(utc_time, zone, shift_minutes) -%}
    (
        timezone({{ zone }}, timezone('UTC', {{ utc_time }}))
        + to_minutes({{ shift_minutes }})
    )
{%- endmacro %}


{#- A Windows FILETIME (100 ns since 1601-01-01 UTC) as a UTC timestamp; NULL for 0. -#}
{% macro filetime_to_timestamp(filetime) -%}
    {{ return(adapter.dispatch("filetime_to_timestamp", "daybook")(filetime)) }}
{%- endmacro %}


{% macro duckdb__filetime_to_timestamp(filetime) -%}
    make_timestamp(divide(nullif({{ filetime }}, 0) - 116444736000000000, 10))
{%- endmacro %}


{#- Microseconds from one timestamp to a later one. -#}
{% macro microseconds_between(earlier, later) -%}
    {{ return(adapter.dispatch("microseconds_between", "daybook")(earlier, later)) }}
{%- endmacro %}


{% macro duckdb__microseconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }}))
{%- endmacro %}


{% macro minutes_after(at, minutes) -%}
    {{ return(adapter.dispatch("minutes_after", "daybook")(at, minutes)) }}
{%- endmacro %}


{% macro duckdb__minutes_after(at, minutes) -%}
    ({{ at }} + to_minutes(cast({{ minutes }} as bigint)))
{%- endmacro %}


{% macro days_after(day, days) -%}
    {{ return(adapter.dispatch("days_after", "daybook")(day, days)) }}
{%- endmacro %}


{% macro duckdb__days_after(day, days) -%}
    cast({{ day }} + {{ days }} as date)
{%- endmacro %}


{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch("days_between", "daybook")(earlier, later)) }}
{%- endmacro %}


{% macro duckdb__days_between(earlier, later) -%}
    cast({{ later }} - {{ earlier }} as integer)
{%- endmacro %}


{#- The first day after it that is no Saturday or Sunday. -#}
{% macro next_weekday(day) -%}
    {{ return(adapter.dispatch("next_weekday", "daybook")(day)) }}
{%- endmacro %}


{% macro duckdb__next_weekday(day) -%}
    cast(
        {{ day }}
        + case isodow({{ day }}) when 5 then 3 when 6 then 2 else 1 end as date
    )
{%- endmacro %}


{#- One row a day from the first to the last, in column `day`; both are scalar expressions. -#}
{% macro days_from_to(first_day, last_day) -%}
    {{ return(adapter.dispatch("days_from_to", "daybook")(first_day, last_day)) }}
{%- endmacro %}


{% macro duckdb__days_from_to(first_day, last_day) -%}
    (
        select
            cast(
                unnest(
                    generate_series({{ first_day }}, {{ last_day }}, interval 1 day)
                ) as date
            ) as day
    )
{%- endmacro %}


{#- Seconds since 1970-01-01 UTC as a UTC timestamp. -#}
{% macro epoch_to_timestamp(seconds) -%}
    {{ return(adapter.dispatch("epoch_to_timestamp", "daybook")(seconds)) }}
{%- endmacro %}


{% macro duckdb__epoch_to_timestamp(seconds) -%}
    make_timestamp({{ seconds }} * 1000000)
{%- endmacro %}


{#- Milliseconds since 1970-01-01 UTC as a UTC timestamp; NULL for 0. -#}
{% macro epoch_ms_to_timestamp(milliseconds) -%}
    {{ return(adapter.dispatch("epoch_ms_to_timestamp", "daybook")(milliseconds)) }}
{%- endmacro %}


{% macro duckdb__epoch_ms_to_timestamp(milliseconds) -%}
    make_timestamp(nullif({{ milliseconds }}, 0) * 1000)
{%- endmacro %}


{#- Whole minutes from one timestamp to another. -#}
{% macro minutes_between(earlier, later) -%}
    {{ whole_quotient(microseconds_between(earlier, later), "60000000") }}
{%- endmacro %}


{% macro seconds_after(at, seconds) -%}
    {{ return(adapter.dispatch("seconds_after", "daybook")(at, seconds)) }}
{%- endmacro %}


{% macro duckdb__seconds_after(at, seconds) -%}
    ({{ at }} + to_seconds({{ seconds }}))
{%- endmacro %}


{#- Whole calendar months from one day to a later one: 15 January to 14 March is one. -#}
{% macro whole_months_between(earlier, later) -%}
    (
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }})
        - extract(month from {{ earlier }})
        - case
            when extract(day from {{ later }}) < extract(day from {{ earlier }})
            then 1
            else 0
        end
    )
{%- endmacro %}
