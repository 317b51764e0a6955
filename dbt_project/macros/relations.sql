{#-
    What a schema holds, as the lake's own catalog says: DuckDB's information_schema asks every
    table for its statistics and so reads the statistics of every file of the lake.
-#}
{% macro duckdb__list_relations_without_caching(schema_relation) %}
    {%- if not adapter.is_ducklake(schema_relation) -%}
        {{
            return(
                dbt_duckdb.duckdb__list_relations_without_caching(schema_relation)
            )
        }}
    {%- endif -%}
    {%- set catalog = "__ducklake_metadata_" ~ schema_relation.database -%}
    {%- call statement("list_relations_without_caching", fetch_result=True) -%}
        {%- for kind in ["table", "view"] %}
            select
                '{{ schema_relation.database }}' as database,
                relations.{{ kind }}_name as name,
                schemas.schema_name as schema,
                '{{ kind }}' as type
            from {{ catalog }}.ducklake_{{ kind }} as relations
            inner join
                {{ catalog }}.ducklake_schema as schemas
                on schemas.schema_id = relations.schema_id
                and schemas.end_snapshot is null
            where
                relations.end_snapshot is null
                and lower(schemas.schema_name) = '{{ schema_relation.schema | lower }}'
                {{ "union all" if not loop.last }}
        {%- endfor %}
    {%- endcall -%}
    {{ return(load_result("list_relations_without_caching").table) }}
{% endmacro %}
