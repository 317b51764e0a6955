{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
with
    all_deals as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            deal_id,
            account_key,
            position_id,
            entry,
            side,
            symbol,
            executed_at_utc,
            is_trade,
            is_turnover,
            price,
            market_spread_price,
            volume_lots,
            volume_closed_lots,
            volume_units,
            closed_pnl_amount,
            swap_amount,
            commission_amount,
            fee_amount
        from {{ ref("can_deals") }}
    ),

    accounts as (
        select
            account_key,
            client_key,
            group_name,
            main_currency,
            money_divisor,
            is_excluded
        from {{ ref("can_accounts") }}
    ),

    books as (
        select account_key, book, valid_from, valid_to
        from {{ ref("can_account_books") }}
    ),

    instruments as (
        select tenant_id, server_id, symbol, profit_currency, digits
        from {{ ref("can_instruments") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    account_days as (
        select account_key, business_date, opening_balance_amount, opening_credit_amount
        from {{ ref("fct_account_days") }}
        where opening_credit_amount > 0
    ),

    agreements as (
        select tenant_id, minimum_seconds, nets_hedges
        from {{ ref("stg_crm__partner_agreements") }}
    ),

    {% if is_incremental() %}
        days as (
            select tenant_id, server_id, business_date
            from {{ ref("int_partners__days_touched") }}
        ),

        positions as (
            select distinct all_deals.account_key, all_deals.position_id
            from all_deals
            inner join
                days
                on days.tenant_id = all_deals.tenant_id
                and days.server_id = all_deals.server_id
                and days.business_date = all_deals.business_date
            where all_deals.is_trade and all_deals.volume_closed_lots > 0
        ),
    {% endif %}

    -- Looked up only where an agreement asks for it.
    opened as (
        select
            all_deals.account_key,
            all_deals.position_id,
            min(all_deals.executed_at_utc) as opened_at_utc
        from all_deals
        inner join
            (
                select distinct tenant_id from agreements where minimum_seconds > 0
            ) as careful
            on careful.tenant_id = all_deals.tenant_id
        {% if is_incremental() %}
            inner join
                positions
                on positions.position_id = all_deals.position_id
                and positions.account_key = all_deals.account_key
        {% endif %}
        where all_deals.is_trade and all_deals.entry in ('in', 'in_out')
        group by all_deals.account_key, all_deals.position_id
    ),

    sides as (
        select
            accounts.client_key,
            all_deals.symbol,
            all_deals.business_date,
            case
                when
                    sum(
                        case
                            when all_deals.side = 'sell'
                            then all_deals.volume_closed_lots
                            else 0
                        end
                    ) > sum(
                        case
                            when all_deals.side = 'sell'
                            then 0
                            else all_deals.volume_closed_lots
                        end
                    )
                then 'sell'
                else 'buy'
            end as larger_side
        from all_deals
        inner join accounts on accounts.account_key = all_deals.account_key
        inner join
            (select distinct tenant_id from agreements where nets_hedges) as netting
            on netting.tenant_id = all_deals.tenant_id
        {% if is_incremental() %}
            inner join
                (select distinct business_date from days) as dates
                on dates.business_date = all_deals.business_date
        {% endif %}
        where all_deals.is_turnover
        group by accounts.client_key, all_deals.symbol, all_deals.business_date
    ),

    deals as (
        select
            all_deals.tenant_id,
            all_deals.server_id,
            all_deals.business_date,
            all_deals.deal_key,
            all_deals.deal_id,
            all_deals.account_key,
            all_deals.position_id,
            all_deals.side,
            all_deals.symbol,
            all_deals.executed_at_utc,
            all_deals.is_turnover,
            all_deals.price,
            all_deals.market_spread_price,
            all_deals.volume_units,
            all_deals.volume_lots,
            accounts.client_key,
            accounts.group_name,
            accounts.main_currency,
            coalesce(accounts.is_excluded, false) as is_excluded,
            accounts.money_divisor,
            greatest(all_deals.volume_closed_lots, 0) as volume_closed_lots,
            - all_deals.commission_amount as commission_paid,
            all_deals.closed_pnl_amount
            + all_deals.swap_amount
            + all_deals.commission_amount
            + all_deals.fee_amount as client_result,
            all_deals.commission_amount + all_deals.fee_amount as client_charges
        from all_deals
        left join accounts on accounts.account_key = all_deals.account_key
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = all_deals.tenant_id
                and days.server_id = all_deals.server_id
                and days.business_date = all_deals.business_date
        {% endif %}
        where all_deals.is_trade and accounts.client_key is not null
    )

select
    deals.tenant_id,
    deals.server_id,
    deals.business_date,
    deals.deal_key,
    deals.deal_id,
    deals.account_key,
    deals.client_key,
    deals.group_name,
    deals.symbol,
    deals.executed_at_utc,
    deals.main_currency,
    case
        when deals.is_excluded
        then 'excluded account'
        when not deals.is_turnover
        then 'rollover or variation-margin deal'
    end as deal_reason,
    -- Cent accounts: lots, units and money count a hundredth, in the main currency.
    {{ to_main_currency("deals.volume_closed_lots", "deals.money_divisor", 24) }}
    as closed_lots,
    {{ to_main_currency("deals.commission_paid", "deals.money_divisor", 24) }}
    as commission_paid,
    {{
        to_main_currency(
            "(- case when books.book = 'A' then deals.client_charges else deals.client_result end)",
            "deals.money_divisor",
            24,
        )
    }}
    as revenue,
    -- What one unit of price is worth on the closed volume, in the main currency.
    {%- set units = to_main_currency("deals.volume_units", "deals.money_divisor", 24) %}
    {%- set unit_value -%}
        case
            when instruments.profit_currency = deals.main_currency
            then {{ units }}
            else {{ ratio(units ~ " * fx_profit.rate", "fx_main.rate") }}
        end
    {%- endset %}
    case
        when deals.volume_closed_lots = deals.volume_lots
        then {{ unit_value }}
        else
            cast(
                {{ unit_value }}
                * {{ ratio("deals.volume_closed_lots", "deals.volume_lots", 12) }}
                as decimal(24, 8)
            )
    end as price_unit_value,
    deals.price,
    deals.market_spread_price,
    instruments.digits,
    case
        when deals.volume_closed_lots > 0 and opened.opened_at_utc is not null
        then
            {{
                whole_quotient(
                    microseconds_between(
                        "opened.opened_at_utc", "deals.executed_at_utc"
                    ),
                    "1000000",
                )
            }}
    end as held_seconds,
    coalesce(deals.side <> sides.larger_side, false) as is_smaller_side,
    case
        when account_days.opening_credit_amount is null
        then cast(0 as decimal(24, 12))
        when account_days.opening_balance_amount <= 0
        then cast(1 as decimal(24, 12))
        else
            {{
                ratio(
                    "account_days.opening_credit_amount",
                    "(account_days.opening_credit_amount + account_days.opening_balance_amount)",
                    12,
                )
            }}
    end as bonus_ratio
from deals
left join
    books
    on books.account_key = deals.account_key
    and {{ effective("books", "deals.business_date") }}
left join
    instruments
    on instruments.tenant_id = deals.tenant_id
    and instruments.server_id = deals.server_id
    and instruments.symbol = deals.symbol
left join
    fx as fx_profit
    on fx_profit.business_date = deals.business_date
    and fx_profit.currency = instruments.profit_currency
left join
    fx as fx_main
    on fx_main.business_date = deals.business_date
    and fx_main.currency = deals.main_currency
left join
    opened
    on opened.account_key = deals.account_key
    and opened.position_id = deals.position_id
left join
    sides
    on sides.client_key = deals.client_key
    and sides.symbol = deals.symbol
    and sides.business_date = deals.business_date
left join
    account_days
    on account_days.account_key = deals.account_key
    and account_days.business_date = deals.business_date
