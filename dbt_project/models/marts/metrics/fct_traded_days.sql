{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(touched_reporting_days()) }}",
    )
}}

with

    {% if is_incremental() %}
        days as (
            select tenant_id, server_id, business_date
            from {{ touched_reporting_days() }} as changed
        ),
    {% endif %}

    accounts as (
        select
            tenant_id, server_id, login, account_key, client_key, country, money_divisor
        from {{ ref("can_accounts") }}
        where not is_excluded and known_from <> 'deals'
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument, profit_currency
        from {{ ref("can_instruments") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    -- notional and spread are in the profit currency, and stay so until the day's sum
    traded as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.login,
            deals.symbol,
            min(deals.executed_at_utc) as first_traded_at_utc,
            count(*) as turnover_deal_count,
            sum(deals.volume_lots) as volume_lots,
            sum(
                case
                    when deals.market_spread_price is not null
                    then deals.volume_lots
                    else 0
                end
            ) as quoted_lots,
            case
                when count(deals.price) = count(*)
                then
                    sum(
                        {{
                            product(
                                [
                                    "cast(deals.volume_units as decimal(24, 8))",
                                    "deals.price",
                                ],
                                38,
                            )
                        }}
                    )
            end as notional,
            sum(
                {{
                    product(
                        [
                            "cast(deals.volume_units as decimal(24, 8))",
                            "coalesce(deals.market_spread_price, 0)",
                            "cast(0.5 as decimal(1, 1))",
                        ],
                        38,
                    )
                }}
            ) as spread_cost
        from {{ ref("can_deals") }} as deals
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = deals.tenant_id
                and days.server_id = deals.server_id
                and days.business_date = deals.business_date
        {% endif %}
        where deals.is_turnover
        group by
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.login,
            deals.symbol
    )

select
    traded.tenant_id,
    traded.server_id,
    traded.business_date,
    traded.login,
    traded.symbol,
    accounts.account_key,
    accounts.client_key,
    coalesce(accounts.client_key, accounts.account_key) as holder_key,
    coalesce(books.legal_entity, 'unmapped') as legal_entity,
    coalesce(books.book, 'unmapped') as book,
    coalesce(books.desk, 'unmapped') as desk,
    accounts.country,
    coalesce(
        instruments.instrument, {{ instrument_name("traded.symbol") }}
    ) as instrument,
    traded.first_traded_at_utc,
    cast(traded.turnover_deal_count as bigint) as turnover_deal_count,
    cast(traded.volume_lots as decimal(38, 8)) as volume_lots,
    cast(traded.quoted_lots as decimal(38, 8)) as quoted_lots,
    {{ to_reporting("traded.notional", "fx", "accounts.money_divisor") }}
    as notional_reporting,
    {{ to_reporting("traded.spread_cost", "fx", "accounts.money_divisor") }}
    as spread_cost_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from traded
left join
    accounts
    on accounts.tenant_id = traded.tenant_id
    and accounts.server_id = traded.server_id
    and accounts.login = traded.login
left join
    instruments
    on instruments.tenant_id = traded.tenant_id
    and instruments.server_id = traded.server_id
    and instruments.symbol = traded.symbol
left join
    fx
    on fx.business_date = traded.business_date
    and fx.currency = instruments.profit_currency
    {{ join_books("traded") }}
where accounts.login is not null
order by traded.business_date, traded.server_id, traded.login, traded.symbol
