{#- The loads whose effects this build has not seen yet. -#}
{% macro is_new_load(load_id) -%}
    {{ load_id }} > {{ var("watermark_from") }}
    and {{ load_id }} <= {{ var("watermark_to") }}
{%- endmacro %}


{#- Every version of a raw table's rows; `_is_new` where a new load brought or replaced it. -#}
{% macro all_versions(table) -%}
    (
        select
            held.*,
            ({{ is_new_load("held._load_id") }})
            or coalesce({{ is_new_load("newer.superseded_by_load") }}, false) as _is_new
        from {{ source("raw", table) }} as held
        left join
            {{ source("raw", "superseded") }} as newer(row_id, superseded_by_load)
            on newer.row_id = held._row_id
    )
{%- endmacro %}


{#- The server days that the new loads touched, as a subquery. -#}
{% macro touched_days() -%}
    (
        select distinct tenant_id, server_id, business_date
        from {{ source("meta", "touched_days") }}
        where {{ is_new_load("load_id") }} and business_date is not null
    )
{%- endmacro %}


{#-
    Whether a table of mappings was built before in this shape, so that what it held can be compared
    with what it will hold. A full refresh makes all days anew, whatever was filed elsewhere.
-#}
{% macro was_built(relation, column) -%}
    {%- if not execute or flags.FULL_REFRESH or not relation or not relation.database -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set held = load_relation(relation) -%}
    {%- if held is none -%} {{ return(false) }} {%- endif -%}
    {{
        return(
            column
            in (adapter.get_columns_in_relation(held) | map(attribute="name") | list)
        )
    }}
{%- endmacro %}


{#- The last build that finished, as a scalar subquery; -1 before the first. -#}
{% macro last_done_build() -%}
    (
        select coalesce(max(build_id), -1)
        from {{ source("meta", "builds") }}
        where status = 'done'
    )
{%- endmacro %}


{#- The server days whose figures change: those touched, and those that are filed elsewhere now. -#}
{% macro restated_days() -%}
    (
        select tenant_id, server_id, business_date
        from {{ ref("int_builds__days_restated") }}
        where is_restated
    )
{%- endmacro %}


{#-
    The server days whose converted figures change: those restated, and those that take a rate from
    a newly published day (the rate set carries a rate forward up to fx_max_age_days).
-#}
{% macro touched_reporting_days() -%}
    (
        select tenant_id, server_id, business_date
        from {{ ref("int_builds__days_restated") }}
        where is_converted_anew
    )
{%- endmacro %}


{#-
    The accounts that the new loads touched, each with the first day to compute again.

    A server that exports no daily reports is compared with its live balances on its last day; as
    that day moves with every load, all accounts of such a server are computed from the start.
-#}
{% macro touched_accounts() -%}
    (
        select
            touched.tenant_id,
            touched.server_id,
            touched.login,
            min(touched.first_date) as first_date
        from
            (
                select tenant_id, server_id, login, business_date as first_date
                from {{ source("meta", "touched_accounts") }}
                where {{ is_new_load("load_id") }} and business_date is not null
                union all
                select
                    accounts.tenant_id,
                    accounts.server_id,
                    accounts.login,
                    date '1970-01-01'
                from {{ ref("can_accounts") }} as accounts
                inner join
                    (
                        select distinct tenant_id, server_id
                        from {{ touched_days() }} as moved
                    ) as moved
                    on moved.tenant_id = accounts.tenant_id
                    and moved.server_id = accounts.server_id
                left join
                    (
                        select distinct tenant_id, server_id
                        from {{ ref("int_server_closes") }}
                    ) as closing
                    on closing.tenant_id = accounts.tenant_id
                    and closing.server_id = accounts.server_id
                where closing.server_id is null
            ) as touched
        group by touched.tenant_id, touched.server_id, touched.login
    )
{%- endmacro %}


{#-
    Run before an incremental insert, in its transaction: rows of a touched day go, also where no
    row comes back (a day whose only deal was deleted).
-#}
{% macro delete_touched_days(days) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            (tenant_id, server_id, business_date)
            in (select (tenant_id, server_id, business_date) from {{ days }} as touched)
    {% endif %}
{%- endmacro %}


{#- The same for a model computed by account: every row from the first touched day on goes. -#}
{% macro delete_touched_accounts() -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            (tenant_id, server_id, login, business_date) in (
                select (held.tenant_id, held.server_id, held.login, held.business_date)
                from {{ this }} as held
                inner join
                    {{ touched_accounts() }} as touched
                    on touched.tenant_id = held.tenant_id
                    and touched.server_id = held.server_id
                    and touched.login = held.login
                    and touched.first_date <= held.business_date
            )
    {% endif %}
{%- endmacro %}


{#-
    The days whose P&L changes: those whose deals, closing positions or rate changed, and the close
    after each of them, because its floating result is counted from the close before.
-#}
{% macro pnl_days() -%}
    (
        select tenant_id, server_id, business_date
        from {{ ref("int_builds__days_restated") }}
    )
{%- endmacro %}
