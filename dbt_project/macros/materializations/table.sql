{#-
    A table whose columns have not changed keeps its place: its rows are deleted and written anew in
    one transaction.

    dbt makes every table under another name, renames twice and drops the old one in a commit of its
    own. Each of these changes the lake's schema, after which the whole catalog is read again: that
    cost more than most models. --full-refresh replaces regardless.
-#}
{% materialization table, adapter = "duckdb" %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type="table") -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set before = [] -%}
    {%- if existing_relation is not none and existing_relation.is_table and not should_full_refresh() -%}
        {%- set before = described(target_relation) -%}
    {%- endif -%}
    {%- if before and before == columns_of_model(sql) -%}
        {%- if config.get("contract").enforced -%}
            {% do get_assert_columns_equivalent(sql) %}
        {%- endif -%}
        {#- Worked out before the transaction begins: other writers wait for the writing alone, and
            what reads the rows it replaces finds them. -#}
        {%- call statement("worked_out", auto_begin=False) -%}
            create or replace temp table daybook_new_rows as ({{ sql }})
        {%- endcall -%}
        {%- call statement("emptied") -%}
            {{ "delete from " ~ target_relation }}
        {%- endcall -%}
        {%- call statement("main") -%}
            insert into {{ target_relation }} by name (select * from temp.daybook_new_rows)
        {%- endcall -%}
    {%- else -%}
        {%- if existing_relation is not none -%}
            {% do adapter.drop_relation(existing_relation) %}
        {%- endif -%}
        {%- call statement("main") -%}
            {{ create_table_as(False, target_relation, sql) }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}


{#- Names and types in the order of names: as the contract has them, or else the query. -#}
{% macro columns_of_model(sql) -%}
    {%- if not config.get("contract").enforced -%}
        {{ return(described("(" ~ sql ~ ")")) }}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do found.append(column.name ~ " " ~ column.data_type) -%}
    {%- endfor -%}
    {{ return(spelled_alike(found)) }}
{%- endmacro %}


{% macro described(relation) -%}
    {%- set found = [] -%}
    {%- for row in run_query("describe " ~ relation).rows -%}
        {%- do found.append(row[0] ~ " " ~ row[1]) -%}
    {%- endfor -%}
    {{ return(spelled_alike(found)) }}
{%- endmacro %}


{% macro spelled_alike(columns) -%}
    {{ return(columns | map("lower") | map("replace", ", ", ",") | sort) }}
{%- endmacro %}
