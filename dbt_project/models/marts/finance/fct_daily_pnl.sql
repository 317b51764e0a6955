{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(pnl_days()) }}",
    )
}}

with

    {% if is_incremental() %}
        days as (
            select tenant_id, server_id, business_date from {{ pnl_days() }} as changed
        ),
    {% endif %}

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            country,
            account_currency,
            main_currency,
            money_divisor
        from {{ ref("can_accounts") }}
        where not is_excluded and known_from <> 'deals'
    ),

    dealt as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.login,
            case when deals.is_trade then deals.symbol else '' end as symbol,
            count(*) filter (
                where deals.is_trade and deals.action <> 'rest'
            ) as deal_count,
            sum(
                case when deals.is_turnover then deals.volume_lots else 0 end
            ) as volume_lots,
            sum(deals.closed_pnl_amount) as closed_pnl,
            sum(deals.swap_amount) as swap,
            sum(
                deals.commission_amount + case
                    when deals.component in ('commission', 'commission_round')
                    then {{ operation_amount("deals") }}
                    else 0
                end
            ) as commission,
            sum(
                deals.fee_amount + case
                    when deals.component = 'charge'
                    then {{ operation_amount("deals") }}
                    else 0
                end
            ) as fee
        from {{ ref("can_deals") }} as deals
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = deals.tenant_id
                and days.server_id = deals.server_id
                and days.business_date = deals.business_date
        {% endif %}
        where
            deals.is_trade
            or deals.component in ('commission', 'commission_round', 'charge')
            or deals.swap_amount <> 0
            or deals.commission_amount <> 0
            or deals.fee_amount <> 0
        group by 1, 2, 3, 4, 5
    ),

    closes as (
        select
            closes.tenant_id,
            closes.server_id,
            closes.business_date,
            closes.previous_close_date,
            closes.has_positions
        from {{ ref("int_server_closes") }} as closes
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = closes.tenant_id
                and days.server_id = closes.server_id
                and days.business_date = closes.business_date
        {% endif %}
    ),

    steps as (
        select tenant_id, server_id, business_date, close_date, has_positions, weight
        from {{ floating_steps("closes") }} as stepped
    ),

    -- realised amounts count at the rate of their day, a floating result at that of
    -- its own close
    movements as (
        select
            tenant_id,
            server_id,
            business_date,
            business_date as rate_date,
            login,
            symbol,
            deal_count,
            volume_lots,
            closed_pnl,
            cast(0 as decimal(38, 8)) as floating_change,
            swap,
            commission,
            fee
        from dealt
        union all
        select
            tenant_id,
            server_id,
            business_date,
            close_date,
            login,
            symbol,
            0,
            0,
            0,
            floating_pnl,
            floating_swap,
            0,
            0
        from {{ floating_results("steps") }} as held
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    converted as (
        select
            movements.tenant_id,
            movements.server_id,
            movements.business_date,
            movements.login,
            movements.symbol,
            movements.deal_count,
            movements.volume_lots,
            movements.closed_pnl,
            movements.floating_change,
            movements.swap,
            movements.commission,
            movements.fee,
            books.book,
            books.legal_entity,
            books.desk,
            {{ to_reporting("movements.closed_pnl", "fx", "accounts.money_divisor") }}
            as closed_pnl_reporting,
            {{
                to_reporting(
                    "movements.floating_change", "fx", "accounts.money_divisor"
                )
            }} as floating_change_reporting,
            case
                when books.book = 'B'
                then
                    {{
                        to_reporting(
                            "-(movements.closed_pnl + movements.floating_change)",
                            "fx",
                            "accounts.money_divisor",
                        )
                    }}
                else cast(0 as decimal(38, 8))
            end as dealing_pnl,
            {{ to_reporting("-movements.commission", "fx", "accounts.money_divisor") }}
            as commission_income,
            {{ to_reporting("-movements.swap", "fx", "accounts.money_divisor") }}
            as swap_income,
            {{ to_reporting("-movements.fee", "fx", "accounts.money_divisor") }}
            as fee_income
        from movements
        left join
            accounts
            on accounts.tenant_id = movements.tenant_id
            and accounts.server_id = movements.server_id
            and accounts.login = movements.login
            {{ join_books("movements") }}
        left join
            fx
            on fx.business_date = movements.rate_date
            and fx.currency = accounts.main_currency
        where accounts.login is not null
    ),

    -- a sum that lacks one of its rates is not known
    lines as (
        select
            tenant_id,
            server_id,
            business_date,
            login,
            symbol,
            max(book) as book,
            max(legal_entity) as legal_entity,
            max(desk) as desk,
            cast(sum(deal_count) as bigint) as deal_count,
            cast(sum(volume_lots) as decimal(38, 8)) as volume_lots,
            cast(sum(closed_pnl) as decimal(38, 8)) as closed_pnl,
            cast(sum(floating_change) as decimal(38, 8)) as floating_change,
            cast(sum(swap) as decimal(38, 8)) as swap,
            cast(sum(commission) as decimal(38, 8)) as commission,
            cast(sum(fee) as decimal(38, 8)) as fee,
            cast(
                case
                    when count(closed_pnl_reporting) = count(*)
                    then sum(closed_pnl_reporting)
                end as decimal(38, 8)
            ) as closed_pnl_reporting,
            cast(
                case
                    when count(floating_change_reporting) = count(*)
                    then sum(floating_change_reporting)
                end as decimal(38, 8)
            ) as floating_change_reporting,
            cast(
                case
                    when count(dealing_pnl) = count(*) then sum(dealing_pnl)
                end as decimal(38, 8)
            ) as dealing_pnl,
            cast(
                case
                    when count(commission_income) = count(*) then sum(commission_income)
                end as decimal(38, 8)
            ) as commission_income,
            cast(
                case
                    when count(swap_income) = count(*) then sum(swap_income)
                end as decimal(38, 8)
            ) as swap_income,
            cast(
                case
                    when count(fee_income) = count(*) then sum(fee_income)
                end as decimal(38, 8)
            ) as fee_income
        from converted
        group by tenant_id, server_id, business_date, login, symbol
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    )

select
    lines.tenant_id,
    lines.server_id,
    lines.business_date,
    accounts.account_key,
    lines.symbol,
    lines.legal_entity,
    lines.book,
    lines.desk,
    accounts.client_key,
    accounts.country,
    lines.login,
    case
        when lines.symbol = ''
        then ''
        else coalesce(instruments.instrument, {{ instrument_name("lines.symbol") }})
    end as instrument,
    accounts.account_currency,
    '{{ var("reporting_currency") }}' as reporting_currency,
    lines.deal_count,
    lines.volume_lots,
    lines.closed_pnl as client_closed_pnl_amount,
    lines.floating_change as client_floating_change_amount,
    lines.swap as client_swap_amount,
    lines.commission as client_commission_amount,
    lines.fee as client_fee_amount,
    lines.closed_pnl_reporting as client_closed_pnl_reporting,
    lines.floating_change_reporting as client_floating_change_reporting,
    lines.dealing_pnl as dealing_pnl_reporting,
    lines.commission_income as commission_income_reporting,
    lines.swap_income as swap_income_reporting,
    lines.fee_income as fee_income_reporting,
    cast(
        lines.dealing_pnl
        + lines.commission_income
        + lines.swap_income
        + lines.fee_income as decimal(38, 8)
    ) as total_reporting
from lines
left join
    accounts
    on accounts.tenant_id = lines.tenant_id
    and accounts.server_id = lines.server_id
    and accounts.login = lines.login
left join
    instruments
    on instruments.tenant_id = lines.tenant_id
    and instruments.server_id = lines.server_id
    and instruments.symbol = lines.symbol
order by lines.business_date, lines.server_id, lines.login, lines.symbol
