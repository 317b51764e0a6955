{{ config(materialized="view") }}

with

    reports as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            equity_amount,
            margin_amount,
            free_margin_amount
        from {{ ref("stg_mt5__daily_reports") }}
        where margin_amount is not null
        union all
        select
            tenant_id,
            server_id,
            login,
            business_date,
            equity_amount,
            margin_amount,
            free_margin_amount
        from {{ ref("stg_mt4__daily_reports") }}
        where margin_amount is not null
    )

select
    tenant_id,
    server_id,
    login,
    {{ account_key("reports") }} as account_key,
    business_date,
    cast(equity_amount as decimal(24, 8)) as equity_amount,
    cast(margin_amount as decimal(24, 8)) as margin_amount,
    cast(
        coalesce(free_margin_amount, equity_amount - margin_amount) as decimal(24, 8)
    ) as free_margin_amount,
    {{ ratio("100 * equity_amount", "margin_amount", 4) }} as margin_level_pct
from reports
