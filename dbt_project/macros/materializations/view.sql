{#-
    A view whose text has not changed is left alone, and one that has is replaced in place.

    dbt makes every view anew under another name, renames twice and drops the old one: two commits a
    view and build, which on a lake cost more than most models. The digest of the compiled text is
    kept as the view's comment. orchestration/views.py makes most of them before dbt comes to them.
-#}
{% materialization view, adapter = "duckdb" %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type="view") -%}
    {%- set digest = "compiled text md5 " ~ local_md5(sql) -%}

    {%- if existing_relation is not none and existing_relation.is_view -%}
        {%- if view_comment(target_relation) == digest -%}
            {%- call noop_statement("main", "UNCHANGED", "UNCHANGED") -%}
            {%- endcall -%}
            {{ return({"relations": [target_relation]}) }}
        {%- endif -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing_relation is not none and not existing_relation.is_view -%}
        {% do adapter.drop_relation(existing_relation) %}
    {%- endif -%}
    {%- if config.get("contract").enforced -%}
        {% do get_assert_columns_equivalent(sql) %}
    {%- endif -%}
    {%- call statement("main") -%}
        create or replace view {{ target_relation }} as ({{ sql }})
    {%- endcall -%}
    {%- call statement("digest") -%}
        comment on view {{ target_relation }} is '{{ digest }}'
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}


{% macro view_comment(relation) -%}
    {%- set found = run_query(
        "select comment from duckdb_views() where database_name = '"
        ~ relation.database
        ~ "' and schema_name = '"
        ~ relation.schema
        ~ "' and view_name = '"
        ~ relation.identifier
        ~ "'"
    ) -%}
    {{ return(found.rows[0][0] if found.rows | length > 0 else none) }}
{%- endmacro %}
