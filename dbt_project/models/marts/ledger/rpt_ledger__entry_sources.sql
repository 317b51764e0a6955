{{ config(materialized="view") }}

{%- set measures = deal_measures() -%}

with

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            main_currency,
            money_divisor,
            is_excluded
        from {{ ref("can_accounts") }}
    ),

    deals as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.account_key,
            deals.deal_key,
            case when deals.is_trade then deals.symbol else '' end as symbol,
            deals.component,
            deals.closed_pnl_amount as closed_pnl,
            deals.swap_amount as swap,
            deals.commission_amount as commission,
            deals.fee_amount as fee,
            {{ operation_amount("deals") }} as operation,
            deals.credit_effect_amount as credit
        from {{ ref("can_deals") }} as deals
    ),

    positions as (
        select
            steps.tenant_id,
            steps.server_id,
            steps.business_date,
            steps.close_date,
            steps.weight,
            held.account_key,
            held.symbol,
            held.position_key,
            held.floating_pnl_amount as floating_pnl,
            held.floating_swap_amount as floating_swap
        from {{ floating_steps(ref("int_server_closes")) }} as steps
        inner join
            {{ ref("fct_open_positions") }} as held
            on held.tenant_id = steps.tenant_id
            and held.server_id = steps.server_id
            and held.business_date = steps.close_date
    ),

    sources as (
        {%- for measure in measures %}
            select
                tenant_id,
                server_id,
                business_date,
                {{ deal_entry_kind("'" ~ measure ~ "'", "component") }} as entry_kind,
                account_key,
                symbol,
                'canonical.can_deals' as source_table,
                deal_key as source_key,
                business_date as source_date,
                {{ measure }} as native_amount
            from deals
            where {{ measure }} <> 0
            union all
        {%- endfor %}
        {%- for measure in ["floating_pnl", "floating_swap"] %}
            select
                tenant_id,
                server_id,
                business_date,
                '{{ measure }}',
                account_key,
                symbol,
                'finance.fct_open_positions',
                position_key,
                close_date,
                weight * {{ measure }}
            from positions
            where {{ measure }} <> 0 {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    sources.tenant_id,
    sources.server_id,
    sources.business_date,
    sources.entry_kind,
    sources.account_key,
    cast(null as varchar) as partner_key,
    sources.symbol,
    sources.source_table,
    sources.source_key,
    sources.source_date,
    coalesce(accounts.main_currency, 'XXX') as currency,
    {{ to_main_currency("sources.native_amount", "accounts.money_divisor") }} as amount
from sources
left join accounts on accounts.account_key = sources.account_key
where not coalesce(accounts.is_excluded, false)
union all
select
    tenant_id,
    server_id,
    business_date,
    'partner_commission',
    account_key,
    partner_key,
    coalesce(symbol, ''),
    'partners.fct_commission_ledger',
    ledger_line_key,
    business_date as source_date,
    amount_currency,
    cast(amount as decimal(38, 8))
from {{ ref("fct_commission_ledger") }}
where amount <> 0
