{#-
    Currency of each MT4 account: what the server states, else what the broker's mappings.csv says of
    its group (the longest pattern wins). NULL where neither tells; nothing is assumed.
-#}
{% macro mt4_account_currencies() -%}
    (
        select
            users._tenant_id as tenant_id,
            users._source as server_id,
            users.login,
            coalesce(nullif(users.currency, ''), mapped.currency) as account_currency,
            currencies.minor_units as currency_digits
        from {{ current_rows("mt4_users") }} as users
        left join
            (
                select
                    members.tenant_id,
                    members.server_id,
                    members.group_name,
                    mappings.currency,
                    row_number() over (
                        partition by
                            members.tenant_id, members.server_id, members.group_name
                        order by
                            length(mappings.group_pattern) desc,
                            mappings.valid_from desc,
                            mappings.group_pattern asc
                    ) as place
                from
                    (
                        select distinct
                            _tenant_id as tenant_id,
                            _source as server_id,
                            "group" as group_name
                        from {{ current_rows("mt4_users") }} as held_users
                    ) as members
                inner join
                    {{ current_rows("broker_groups") }} as mappings
                    on mappings._tenant_id = members.tenant_id
                    and mappings.server_id = members.server_id
                    and mappings.currency is not null
                    and {{
                        matches_pattern(
                            "members.group_name", "mappings.group_pattern"
                        )
                    }}
            ) as mapped
            on mapped.tenant_id = users._tenant_id
            and mapped.server_id = users._source
            and mapped.group_name = users."group"
            and mapped.place = 1
        left join
            {{ ref("ref_currencies") }} as currencies
            on currencies.currency
            = coalesce(nullif(users.currency, ''), mapped.currency)
    )
{%- endmacro %}
