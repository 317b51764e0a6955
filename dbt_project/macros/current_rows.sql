{#-
    The rows of a raw table as they stand at the load watermark.

    Raw is append-only: a change adds a row and lists the old one in raw.superseded, a deletion adds
    a tombstone. The watermark is a session variable, so that a view made once serves every build;
    without it everything loaded counts.
-#}
{% macro load_watermark() -%}
    coalesce({{ session_variable("daybook_watermark") }}, 9223372036854775807)
{%- endmacro %}


{% macro current_rows(table, schema="raw", watermark=none) -%}
    {%- set seen = load_watermark() if watermark is none else watermark -%}
    (
        select held.*
        from {{ source(schema, table) }} as held
        left join
            {{ source("raw", "superseded") }} as newer(row_id, superseded_by_load)
            on newer.row_id = held._row_id
            and newer.superseded_by_load <= {{ seen }}
        where
            newer.row_id is null
            and not held._is_deleted
            and held._load_id <= {{ seen }}
    )
{%- endmacro %}


{#- Row versions that a newer version or a tombstone has replaced, with the load that did it. -#}
{% macro replaced_rows(table, schema="raw") -%}
    (
        select held.*, newer.superseded_by_load as _superseded_by_load
        from {{ source(schema, table) }} as held
        inner join
            {{ source("raw", "superseded") }} as newer(row_id, superseded_by_load)
            on newer.row_id = held._row_id
            and newer.superseded_by_load <= {{ load_watermark() }}
        where not held._is_deleted
    )
{%- endmacro %}


{#- Tables that a source hands over whole, replaced by each poll. -#}
{% macro live_rows(table, schema="raw") -%}
    (select held.* from {{ source(schema, table) }} as held)
{%- endmacro %}
