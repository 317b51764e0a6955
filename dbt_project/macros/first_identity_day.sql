{#-
    The first business day whose identities a build may have changed, as a literal, so that older
    Parquet files are not even opened: touched days and the closes after them, the first day of each
    touched account, the first day of a break that the new days may type otherwise (the next
    opening is its evidence), and that of a break explained since the last finished build. Breaks of accounts outside the books never change their type.
-#}
{% macro first_identity_day() -%}
    {%- set query -%}
        select cast(min(changed.first_date) as varchar)
        from (
            select business_date as first_date from {{ pnl_days() }} as days
            union all
            select first_date from {{ touched_accounts() }} as accounts
            union all
            select breaks.business_date
            from {{ ref("fct_breaks") }} as breaks
            inner join
                {{ touched_days() }} as touched
                on touched.tenant_id = breaks.tenant_id
                and touched.server_id = breaks.server_id
                and touched.business_date >= breaks.business_date
                and touched.business_date <= {{ days_after("breaks.last_date", 7) }}
            where
                breaks.break_type
                not in ('excluded_group', 'orphan_login', 'unclassified_account')
            union all
            select breaks.business_date
            from {{ ref("fct_breaks") }} as breaks
            inner join
                {{ source("meta", "break_explanations") }} as explanations
                on explanations.break_key = breaks.break_key
            where
                explanations.explained_at >= (
                    select coalesce(max(started_at), timestamp '1900-01-01')
                    from {{ source("meta", "builds") }}
                    where status = 'done'
                )
        ) as changed
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}


{#-
    The first day that a query of one day finds, as a literal: all days where the model is made
    whole, none where the query finds none.
-#}
{% macro day_literal(query) -%}
    {%- if not (execute and is_incremental()) -%}
        {{ return("date '1900-01-01'") }}
    {%- endif -%}
    {{ return("date '" ~ (run_query(query).rows[0][0] or "9999-12-31") ~ "'") }}
{%- endmacro %}


{#- Those of `counted_whole` are few and go by more than a day: they are counted anew each time. -#}
{% macro delete_identities_from(first_day, counted_whole=[]) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            business_date is null or business_date >= {{ first_day }}
            {%- if counted_whole %}
                or identity_id in ('{{ counted_whole | join("', '") }}')
            {%- endif %}
    {% endif %}
{%- endmacro %}
