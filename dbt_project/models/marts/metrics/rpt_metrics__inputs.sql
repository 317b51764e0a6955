{{ config(materialized="view") }}

{#- What an input may bring; a row has 0 in the measures of the others, so NULL means unknown. -#}
{%- set measures = {
    "is_trading": "false",
    "deal_count": "cast(0 as bigint)",
    "volume_lots": "cast(0 as decimal(38, 8))",
    "dealing_pnl_reporting": "cast(0 as decimal(38, 8))",
    "commission_income_reporting": "cast(0 as decimal(38, 8))",
    "swap_income_reporting": "cast(0 as decimal(38, 8))",
    "fee_income_reporting": "cast(0 as decimal(38, 8))",
    "total_reporting": "cast(0 as decimal(38, 8))",
    "quoted_lots": "cast(0 as decimal(38, 8))",
    "notional_reporting": "cast(0 as decimal(38, 8))",
    "spread_cost_reporting": "cast(0 as decimal(38, 8))",
    "deposit_reporting": "cast(0 as decimal(38, 8))",
    "withdrawal_reporting": "cast(0 as decimal(38, 8))",
    "partner_commission_reporting": "cast(0 as decimal(38, 8))",
    "first_trade_count": "cast(0 as bigint)",
    "awaited_trade_count": "cast(0 as bigint)",
    "awaited_days": "cast(0 as bigint)",
    "registration_count": "cast(0 as bigint)",
} -%}
{%- set dimensions = [
    "tenant_id",
    "business_date",
    "server_id",
    "account_key",
    "client_key",
    "legal_entity",
    "book",
    "desk",
    "country",
    "instrument",
] -%}

with

    accounts as (
        select
            tenant_id,
            server_id,
            account_key,
            client_key,
            legal_entity,
            book,
            desk,
            country
        from {{ ref("can_accounts") }}
        where not is_excluded and known_from <> 'deals'
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    ),

    pnl as (
        select
            {% for name in dimensions %} {{ name }}, {% endfor %}
            coalesce(client_key, account_key) as holder_key,
            deal_count,
            volume_lots,
            dealing_pnl_reporting,
            commission_income_reporting,
            swap_income_reporting,
            fee_income_reporting,
            total_reporting
        from {{ ref("fct_daily_pnl") }}
    ),

    trades as (
        select
            {% for name in dimensions %} {{ name }}, {% endfor %}
            holder_key,
            true as is_trading,
            quoted_lots,
            notional_reporting,
            spread_cost_reporting
        from {{ ref("fct_traded_days") }}
    ),

    cash as (
        select
            movements.tenant_id,
            movements.business_date,
            movements.server_id,
            movements.account_key,
            accounts.client_key,
            accounts.legal_entity,
            accounts.book,
            accounts.desk,
            accounts.country,
            '' as instrument,
            coalesce(accounts.client_key, accounts.account_key) as holder_key,
            case
                when movements.kind = 'deposit'
                then movements.amount_reporting
                else cast(0 as decimal(38, 8))
            end as deposit_reporting,
            case
                when movements.kind = 'withdrawal'
                then - movements.amount_reporting
                else cast(0 as decimal(38, 8))
            end as withdrawal_reporting
        from {{ ref("can_cash_movements") }} as movements
        left join accounts on accounts.account_key = movements.account_key
        where
            movements.kind in ('deposit', 'withdrawal')
            and accounts.account_key is not null
    ),

    -- a line that pays nothing has no currency
    partners as (
        select
            lines.tenant_id,
            lines.business_date,
            lines.server_id,
            lines.account_key,
            accounts.client_key,
            accounts.legal_entity,
            accounts.book,
            accounts.desk,
            accounts.country,
            coalesce(
                instruments.instrument, {{ instrument_name("lines.symbol") }}
            ) as instrument,
            coalesce(accounts.client_key, accounts.account_key) as holder_key,
            case
                when lines.amount = 0
                then cast(0 as decimal(38, 8))
                else lines.amount_reporting
            end as partner_commission_reporting
        from {{ ref("fct_commission_ledger") }} as lines
        left join accounts on accounts.account_key = lines.account_key
        left join
            instruments
            on instruments.tenant_id = lines.tenant_id
            and instruments.server_id = lines.server_id
            and instruments.symbol = lines.symbol
        where
            lines.entry_type in ('accrual', 'adjustment', 'clawback')
            and accounts.account_key is not null
    ),

    starts as (
        select
            tenant_id,
            first_trade_date as business_date,
            server_id,
            account_key,
            client_key,
            legal_entity,
            book,
            desk,
            country,
            instrument,
            holder_key,
            1 as first_trade_count,
            case
                when days_to_first_trade is not null then 1 else 0
            end as awaited_trade_count,
            coalesce(days_to_first_trade, 0) as awaited_days
        from {{ ref("dim_client_starts") }}
    ),

    registrations as (
        select
            tenant_id,
            registered_date as business_date,
            cast(null as varchar) as server_id,
            cast(null as varchar) as account_key,
            client_key,
            cast(null as varchar) as legal_entity,
            cast(null as varchar) as book,
            cast(null as varchar) as desk,
            country,
            cast(null as varchar) as instrument,
            client_key as holder_key,
            1 as registration_count
        from {{ ref("can_clients") }}
        where registered_date is not null
    ),

    united as (
        {% for input, brings in [
            (
                "pnl",
                [
                    "deal_count",
                    "volume_lots",
                    "dealing_pnl_reporting",
                    "commission_income_reporting",
                    "swap_income_reporting",
                    "fee_income_reporting",
                    "total_reporting",
                ],
            ),
            (
                "trades",
                [
                    "is_trading",
                    "quoted_lots",
                    "notional_reporting",
                    "spread_cost_reporting",
                ],
            ),
            ("cash", ["deposit_reporting", "withdrawal_reporting"]),
            ("partners", ["partner_commission_reporting"]),
            (
                "starts",
                ["first_trade_count", "awaited_trade_count", "awaited_days"],
            ),
            ("registrations", ["registration_count"]),
        ] %}
            select
                '{{ input }}' as input,
                {% for name in dimensions %} {{ name }}, {% endfor %}
                holder_key,
                {% for measure, nothing in measures.items() %}
                    {{ measure if measure in brings else nothing }}
                    as {{ measure }}{{ "," if not loop.last }}
                {% endfor %}
            from {{ input }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- the partner who referred the client, on that day
    referrals as (
        select tenant_id, client_key, partner_key, valid_from, valid_to
        from {{ ref("int_partners__tree_paths") }}
        where level = 0
    )

select
    united.tenant_id,
    united.business_date,
    cast(date_trunc('month', united.business_date) as date) as business_month,
    united.input,
    united.server_id,
    united.account_key,
    united.client_key,
    united.holder_key,
    united.legal_entity,
    united.book,
    united.desk,
    united.country,
    united.instrument,
    referrals.partner_key,
    united.is_trading,
    {% for measure in measures if measure != "is_trading" %}
        cast(
            united.{{ measure }}
            as {{
                (
                    "bigint"
                    if measure.endswith(("_count", "_days"))
                    else "decimal(38, 8)"
                )
            }}
        ) as {{ measure }}{{ "," if not loop.last }}
    {% endfor %}
from united
left join
    referrals
    on referrals.tenant_id = united.tenant_id
    and referrals.client_key = united.client_key
    and referrals.valid_from <= united.business_date
    and referrals.valid_to > united.business_date
