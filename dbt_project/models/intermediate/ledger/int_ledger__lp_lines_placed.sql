{{ config(materialized="view") }}

{%- set account = "tenant_id, lp_id, lp_account_id, currency" -%}

with

    lines as (
        select {{ account }}, line_id, booked_date, line_type, amount
        from {{ ref("stg_lp__statement_lines") }}
    ),

    balances as (
        select
            {{ account }},
            balance_date,
            opening_balance_amount,
            closing_balance_amount,
            row_number() over (
                partition by {{ account }} order by balance_date
            ) as place
        from {{ ref("stg_lp__balances") }}
    ),

    firsts as (
        select
            {{ account }},
            balance_date,
            opening_balance_amount as opening_amount,
            closing_balance_amount as closing_amount
        from balances
        where place = 1
    ),

    -- where no opening is stated: what the first closing balance leaves for it
    moved as (
        select
            firsts.tenant_id,
            firsts.lp_id,
            firsts.lp_account_id,
            firsts.currency,
            sum(lines.amount) as amount
        from firsts
        inner join
            lines
            on lines.tenant_id = firsts.tenant_id
            and lines.lp_id = firsts.lp_id
            and lines.lp_account_id = firsts.lp_account_id
            and lines.currency = firsts.currency
            and lines.booked_date <= firsts.balance_date
        group by 1, 2, 3, 4
    ),

    openings as (
        select
            firsts.tenant_id,
            firsts.lp_id,
            firsts.lp_account_id,
            firsts.currency,
            firsts.balance_date,
            coalesce(
                firsts.opening_amount, firsts.closing_amount - coalesce(moved.amount, 0)
            ) as amount
        from firsts
        left join
            moved
            on moved.tenant_id = firsts.tenant_id
            and moved.lp_id = firsts.lp_id
            and moved.lp_account_id = firsts.lp_account_id
            and moved.currency = firsts.currency
    )

select
    tenant_id,
    lp_id as server_id,
    booked_date as business_date,
    tenant_id || '/' || lp_id || '/' || lp_account_id as account_key,
    line_id as source_id,
    case
        when line_type in ('deposit', 'withdrawal')
        then 'lp_transfer'
        when line_type in ('trade_pnl', 'commission', 'swap')
        then 'lp_' || line_type
        else 'lp_adjustment'
    end as entry_kind,
    currency,
    -- a charge takes from the margin what it adds to the expense
    cast(
        case when line_type in ('deposit', 'withdrawal', 'trade_pnl') then 1 else -1 end
        * amount as decimal(38, 8)
    ) as amount,
    booked_date as statement_date
from lines
where amount <> 0
union all
select
    tenant_id,
    lp_id,
    balance_date,
    tenant_id || '/' || lp_id || '/' || lp_account_id,
    'opening',
    'lp_opening',
    currency,
    cast(amount as decimal(38, 8)),
    date '1900-01-01'
from openings
where amount <> 0
