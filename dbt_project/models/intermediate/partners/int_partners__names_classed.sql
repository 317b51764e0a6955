with
    agreements as (
        select tenant_id, symbol_pattern, account_group_pattern
        from {{ ref("stg_crm__partner_agreements") }}
        where model not in ('cpa', 'copy_fee_share')
    ),

    patterns as (
        select tenant_id, 'symbol' as kind, symbol_pattern as pattern
        from agreements
        union
        select tenant_id, 'account_group', account_group_pattern
        from agreements
    ),

    names as (
        select distinct tenant_id, 'symbol' as kind, symbol as name
        from {{ ref("can_deals") }}
        where is_trade and symbol is not null
        union all
        select distinct tenant_id, 'account_group', group_name
        from {{ ref("can_accounts") }}
        where group_name is not null
    ),

    matched as (
        select
            names.tenant_id,
            names.kind,
            names.name,
            string_agg(patterns.pattern, chr(31) order by patterns.pattern) as patterns
        from names
        inner join
            patterns
            on patterns.tenant_id = names.tenant_id
            and patterns.kind = names.kind
            and {{ matches_pattern("names.name", "patterns.pattern") }}
        group by names.tenant_id, names.kind, names.name
    )

select
    tenant_id,
    kind,
    name,
    min(name) over (partition by tenant_id, kind, patterns) as class_name
from matched
