{{ config(materialized="view") }}

with

    deals as (
        select
            tenant_id,
            server_id,
            platform,
            login,
            account_key,
            deal_id,
            deal_key,
            business_date,
            symbol,
            price,
            volume_lots,
            volume_units,
            market_spread_price,
            commission_amount,
            fee_amount,
            swap_amount
        from {{ ref("can_deals") }}
        where is_trade
    ),

    accounts as (
        select account_key, client_key, main_currency, money_divisor, is_excluded
        from {{ ref("can_accounts") }}
    ),

    instruments as (
        select tenant_id, server_id, symbol, profit_currency
        from {{ ref("can_instruments") }}
    ),

    hedged as (
        select
            deal_key,
            max(profit_currency) as profit_currency,
            sum(matched_units) as matched_units,
            sum(mark_up_amount) as mark_up_amount
        from {{ ref("fct_lp_fills") }}
        where deal_key is not null
        group by deal_key
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    -- what our own fill cost is known; of the rest the client pays half the spread
    priced as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.platform,
            deals.login,
            deals.account_key,
            deals.deal_id,
            deals.deal_key,
            deals.business_date,
            deals.symbol,
            deals.volume_lots,
            deals.commission_amount,
            deals.fee_amount,
            deals.swap_amount,
            accounts.client_key,
            accounts.main_currency,
            coalesce(
                instruments.profit_currency, hedged.profit_currency
            ) as profit_currency,
            case
                when hedged.deal_key is null
                then
                    case
                        when deals.market_spread_price is null
                        then 'unknown'
                        else 'half_spread'
                    end
                when hedged.matched_units >= deals.volume_units
                then 'fill'
                when deals.market_spread_price is null
                then 'unknown'
                else 'fill_and_half_spread'
            end as spread_basis,
            {{ product(["deals.price", "deals.volume_units"], 38) }} as turnover,
            cast(
                coalesce(
                    hedged.mark_up_amount * coalesce(accounts.money_divisor, 1), 0
                ) as decimal(38, 8)
            ) as mark_up,
            case
                when hedged.matched_units >= deals.volume_units
                then 0
                else
                    {{
                        product(
                            [
                                "cast(0.5 as decimal(2, 1))",
                                "deals.market_spread_price",
                                "(deals.volume_units - coalesce(hedged.matched_units, 0))",
                            ],
                            38,
                        )
                    }}
            end as half_spread
        from deals
        left join accounts on accounts.account_key = deals.account_key
        left join
            instruments
            on instruments.tenant_id = deals.tenant_id
            and instruments.server_id = deals.server_id
            and instruments.symbol = deals.symbol
        left join hedged on hedged.deal_key = deals.deal_key
    )

select
    priced.tenant_id,
    priced.server_id,
    priced.login,
    priced.account_key,
    priced.client_key,
    priced.deal_id,
    priced.deal_key,
    priced.business_date,
    priced.symbol,
    priced.volume_lots,
    {{
        crossed(
            "priced.turnover",
            "priced.profit_currency",
            "priced.main_currency",
            "profit_fx",
            "main_fx",
        )
    }} as turnover_amount,
    priced.spread_basis,
    case
        when priced.spread_basis <> 'unknown'
        then
            {{
                crossed(
                    "priced.mark_up + priced.half_spread",
                    "priced.profit_currency",
                    "priced.main_currency",
                    "profit_fx",
                    "main_fx",
                )
            }}
    end as spread_cost_amount,
    cast(- priced.commission_amount as decimal(24, 8)) as commission_cost_amount,
    cast(
        case
            when priced.platform = 'ctrader' then 0 else - priced.fee_amount
        end as decimal(24, 8)
    ) as fee_cost_amount,
    cast(
        case
            when priced.platform = 'ctrader' then - priced.fee_amount else 0
        end as decimal(24, 8)
    ) as conversion_cost_amount,
    cast(- priced.swap_amount as decimal(24, 8)) as swap_cost_amount
from priced
left join
    fx as profit_fx
    on profit_fx.business_date = priced.business_date
    and profit_fx.currency = priced.profit_currency
left join
    fx as main_fx
    on main_fx.business_date = priced.business_date
    and main_fx.currency = priced.main_currency
