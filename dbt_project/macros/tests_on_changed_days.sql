{#-
    The rows of a model that a test looks at. With `on_changed_days` those of the business dates
    whose rows this build may have made anew, named one by one, so that a scan skips all others; all
    of them in a build that makes everything anew or follows a change of the project
    (`tests_look_at_all`, see orchestration/build.py).
-#}
{% macro rows_looked_at(model, on_changed_days) -%}
    {%- if on_changed_days -%}
        (select * from {{ model }} where {{ in_changed_days() }}) as looked_at
    {%- else -%} {{ model }}
    {%- endif -%}
{%- endmacro %}


{% macro in_changed_days() -%}
    {#- More dates than this are a restatement of most of the books: all rows are looked at. -#}
    {%- set most = 400 -%}
    {#- Named before anything is decided: dbt learns here what must be built first. -#}
    {%- set query -%}
        select distinct business_date
        from {{ ref("int_builds__days_changed") }}
        where business_date is not null
        order by business_date
        limit {{ most + 1 }}
    {%- endset -%}
    {%- if not execute or var("tests_look_at_all") -%}
        {{ return("true") }}
    {%- endif -%}
    {%- set dates = run_query(query).columns[0].values() -%}
    {%- if dates | length == 0 -%} {{ return("false") }} {%- endif -%}
    {%- if dates | length > most -%} {{ return("true") }} {%- endif -%}
    {%- set named = [] -%}
    {%- for date in dates -%}
        {%- do named.append("date '" ~ date ~ "'") -%}
    {%- endfor -%}
    {{ return("business_date in (" ~ named | join(", ") ~ ")") }}
{%- endmacro %}
