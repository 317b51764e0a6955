{#- Our key of an account: tenant/server/login. -#}
{% macro account_key(row) -%}
    {{ row }}.tenant_id
    || '/'
    || {{ row }}.server_id
    || '/'
    || cast({{ row }}.login as varchar)
{%- endmacro %}
