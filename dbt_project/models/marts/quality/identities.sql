{{ config(materialized="view") }}

{% for part in [
    "identities_finance",
    "identities_partners",
    "identities_compliance",
    "identities_ledger",
    "identities_metrics",
    "identities_liquidity",
    "identities_challenges",
] %}
    select
        identity_id,
        what,
        tenant_id,
        server_id,
        business_date,
        population,
        broken,
        worst,
        sum_left,
        sum_right
    from {{ ref(part) }} {{ "union all" if not loop.last }}
{% endfor %}
