{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(touched_reporting_days()) }}",
    )
}}

with recursive

    {% if is_incremental() %}
        touched as (
            select tenant_id, server_id, business_date
            from {{ touched_reporting_days() }} as days
        ),
    {% endif %}

    accounts as (
        select
            tenant_id,
            server_id,
            platform,
            login,
            account_key,
            client_key,
            legal_entity,
            book,
            is_excluded,
            accrues_swap,
            account_currency,
            main_currency,
            currency_digits,
            money_divisor
        from {{ ref("can_accounts") }}
    ),

    instruments as (
        select
            tenant_id,
            server_id,
            symbol,
            instrument,
            profit_currency,
            contract_size,
            digits,
            swap_long_price,
            swap_short_price,
            triple_swap_weekday
        from {{ ref("can_instruments") }}
    ),

    currencies as (select currency, minor_units from {{ ref("ref_currencies") }}),

    -- MetaTrader 5 values its positions itself; those of the others are valued here
    closes as (
        select
            closes.tenant_id,
            closes.server_id,
            closes.business_date,
            closes.previous_close_date
        from {{ ref("int_server_closes") }} as closes
        inner join
            (
                select distinct tenant_id, server_id
                from accounts
                where platform in ('mt4', 'ctrader')
            ) as servers
            on servers.tenant_id = closes.tenant_id
            and servers.server_id = closes.server_id
    ),

    valued_closes as (
        select
            closes.tenant_id,
            closes.server_id,
            closes.business_date,
            closes.previous_close_date
        from closes
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = closes.tenant_id
                and touched.server_id = closes.server_id
                and touched.business_date = closes.business_date
        {% endif %}
    ),

    mt4_tickets as (
        select
            tenant_id,
            server_id,
            ticket_id,
            login,
            symbol,
            command,
            volume_lots,
            opened_at_server,
            opened_date,
            case
                when is_open then date '9999-12-31' else business_date
            end as closed_date,
            open_price,
            commission_amount,
            from_ticket_id,
            to_ticket_id
        from {{ ref("stg_mt4__trades") }}
        where is_trade and close_reason is distinct from 'cancelled'
    ),

    mt4_roots as ({{ mt4_roots() }}),

    mt4_positions as ({{ mt4_positions_held() }}),

    {% if is_incremental() %}
        -- open at the close before, or dealt in since
        ctrader_wanted as (
            select held.tenant_id, held.server_id, held.position_id
            from {{ this }} as held
            inner join
                valued_closes as closes
                on closes.tenant_id = held.tenant_id
                and closes.server_id = held.server_id
                and closes.previous_close_date = held.business_date
            union
            select deals.tenant_id, deals.server_id, deals.position_id
            from {{ ref("stg_ctrader__deals") }} as deals
            inner join
                valued_closes as closes
                on closes.tenant_id = deals.tenant_id
                and closes.server_id = deals.server_id
                and closes.business_date >= deals.business_date
                and coalesce(closes.previous_close_date, date '1900-01-01')
                < deals.business_date
        ),
    {% endif %}

    ctrader_filled as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.position_id,
            deals.deal_id,
            coalesce(deals.login, deals.account_id) as login,
            coalesce(deals.symbol, '#' || cast(deals.symbol_id as varchar)) as symbol,
            deals.side,
            deals.business_date,
            deals.executed_at_utc,
            deals.is_closing,
            deals.filled_units,
            coalesce(deals.closed_units, 0) as closed_units,
            deals.price,
            deals.entry_price,
            coalesce(deals.realised_swap_amount, 0) as realised_swap_amount
        from {{ ref("stg_ctrader__deals") }} as deals
        {% if is_incremental() %}
            inner join
                ctrader_wanted
                on ctrader_wanted.tenant_id = deals.tenant_id
                and ctrader_wanted.server_id = deals.server_id
                and ctrader_wanted.position_id = deals.position_id
        {% endif %}
        where deals.is_filled
    ),

    {{ ctrader_position_states() }},

    ctrader_positions as ({{ ctrader_positions_held() }}),

    held as (
        {%- for platform in ["mt4", "ctrader"] %}
            select
                tenant_id,
                server_id,
                platform,
                business_date,
                is_valued,
                position_id,
                login,
                symbol,
                side,
                volume_lots,
                volume_units,
                opened_at_server,
                open_price,
                commission_amount,
                nights,
                realised_swap_amount
            from {{ platform }}_positions {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    quoted_days as (select distinct tenant_id, business_date from held),

    marks as (
        select tenant_id, symbol, business_date, bid_price, ask_price
        from {{ closing_marks("quoted_days") }} as quotes
    ),

    rates as (
        select
            tenant_id,
            business_date,
            from_currency,
            to_currency,
            min_by(rate, step) as rate
        from {{ conversion_rates("marks") }} as crossed
        group by tenant_id, business_date, from_currency, to_currency
    ),

    priced as (
        select
            held.tenant_id,
            held.server_id,
            held.platform,
            held.business_date,
            held.is_valued,
            held.position_id,
            held.login,
            held.symbol,
            held.side,
            held.volume_lots,
            held.volume_units,
            held.opened_at_server,
            held.open_price,
            held.commission_amount,
            held.realised_swap_amount,
            accounts.currency_digits,
            coalesce(currencies.minor_units, 2) as profit_digits,
            -- a long position is closed at the bid, a short one at the ask
            case
                held.side when 'sell' then marks.ask_price else marks.bid_price
            end as close_price,
            cast(
                case
                    when instruments.profit_currency = accounts.main_currency
                    then 1
                    else
                        coalesce(
                            rates.rate,
                            cast(to_dollar.rate * from_dollar.rate as decimal(24, 8))
                        )
                end
                * accounts.money_divisor as decimal(24, 8)
            ) as profit_rate,
            cast(
                case
                    when not accounts.accrues_swap
                    then 0
                    when held.side = 'sell'
                    then instruments.swap_short_price
                    else instruments.swap_long_price
                end
                * held.volume_units
                * held.nights as decimal(38, 12)
            ) as swap_in_profit_currency
        from held
        left join
            accounts
            on accounts.tenant_id = held.tenant_id
            and accounts.server_id = held.server_id
            and accounts.login = held.login
        left join
            instruments
            on instruments.tenant_id = held.tenant_id
            and instruments.server_id = held.server_id
            and instruments.symbol = held.symbol
        left join currencies on currencies.currency = instruments.profit_currency
        left join
            marks
            on marks.tenant_id = held.tenant_id
            and marks.symbol = held.symbol
            and marks.business_date = held.business_date
        {%- for alias, from_currency, to_currency in [
                (
                    "rates",
                    "instruments.profit_currency",
                    "accounts.main_currency",
                ),
                ("to_dollar", "instruments.profit_currency", "'USD'"),
                ("from_dollar", "'USD'", "accounts.main_currency"),
            ] %}
            left join
                rates{{ " as " ~ alias if alias != "rates" }}
                on {{ alias }}.tenant_id = held.tenant_id
                and {{ alias }}.business_date = held.business_date
                and {{ alias }}.from_currency = {{ from_currency }}
                and {{ alias }}.to_currency = {{ to_currency }}
        {%- endfor %}
    ),

    -- as the platforms reckon: first in whole minor units of the profit currency, then
    -- in those of the account
    settled as (
        select
            tenant_id,
            server_id,
            platform,
            business_date,
            is_valued,
            position_id,
            login,
            symbol,
            side,
            volume_lots,
            volume_units,
            opened_at_server,
            open_price,
            close_price,
            profit_rate,
            commission_amount,
            realised_swap_amount,
            {{
                rounded_to(
                    rounded_to(
                        price_profit(
                            "side", "open_price", "close_price", "volume_units"
                        ),
                        "profit_digits",
                    )
                    ~ " * profit_rate",
                    "currency_digits",
                )
            }} as price_result_amount,
            {{ rounded_to("swap_in_profit_currency * profit_rate", "currency_digits") }}
            as step_swap_amount
        from priced
    ),

    accrued as (
        select
            tenant_id,
            server_id,
            platform,
            business_date,
            is_valued,
            position_id,
            login,
            symbol,
            side,
            volume_lots,
            volume_units,
            opened_at_server,
            open_price,
            close_price,
            profit_rate,
            commission_amount,
            price_result_amount,
            case
                when platform = 'mt4'
                then step_swap_amount
                -- a close that could not be priced leaves those after it without a sum
                when
                    count(step_swap_amount) over close_window
                    = count(*) over close_window
                then sum(step_swap_amount) over close_window - realised_swap_amount
            end as floating_swap_amount
        from settled
        window
            close_window as (
                partition by tenant_id, server_id, position_id
                order by business_date
                rows between unbounded preceding and current row
            )
    ),

    valued as (
        select
            tenant_id,
            server_id,
            business_date,
            position_id,
            login,
            symbol,
            side,
            volume_lots,
            volume_units,
            opened_at_server,
            open_price,
            close_price,
            cast(profit_rate as decimal(24, 12)) as profit_rate,
            cast(
                price_result_amount + commission_amount as decimal(24, 8)
            ) as floating_pnl_amount,
            cast(floating_swap_amount as decimal(24, 8)) as floating_swap_amount,
            commission_amount as floating_commission_amount
        from accrued
        where is_valued
    ),

    positions as (
        select
            positions.tenant_id,
            positions.server_id,
            positions.business_date,
            positions.position_id,
            positions.login,
            positions.symbol,
            positions.side,
            positions.volume_lots,
            {{ product(["positions.volume_lots", "positions.contract_size"], 38) }}
            as volume_units,
            positions.opened_at_server,
            positions.open_price,
            positions.close_price,
            positions.profit_rate,
            positions.floating_pnl_amount,
            positions.floating_swap_amount,
            cast(0 as decimal(24, 8)) as floating_commission_amount
        from {{ ref("stg_mt5__daily_positions") }} as positions
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = positions.tenant_id
                and touched.server_id = positions.server_id
                and touched.business_date = positions.business_date
        {% endif %}
        union all
        select
            tenant_id,
            server_id,
            business_date,
            position_id,
            login,
            symbol,
            side,
            volume_lots,
            volume_units,
            opened_at_server,
            open_price,
            close_price,
            profit_rate,
            floating_pnl_amount,
            floating_swap_amount,
            floating_commission_amount
        from valued
        union all
        -- MetaTrader 4 reports the floating result of an account in one sum: what its
        -- positions do not come to, among it all of those without a price
        select
            reports.tenant_id,
            reports.server_id,
            reports.business_date,
            - reports.login,
            reports.login,
            '',
            null,
            0,
            null,
            null,
            null,
            null,
            null,
            cast(
                reports.floating_result_amount
                - coalesce(summed.floating_amount, 0) as decimal(24, 8)
            ),
            cast(0 as decimal(24, 8)),
            cast(0 as decimal(24, 8))
        from {{ ref("stg_mt4__daily_reports") }} as reports
        inner join
            valued_closes as closes
            on closes.tenant_id = reports.tenant_id
            and closes.server_id = reports.server_id
            and closes.business_date = reports.business_date
        left join
            (
                select
                    tenant_id,
                    server_id,
                    business_date,
                    login,
                    sum(coalesce(floating_pnl_amount, 0))
                    + sum(coalesce(floating_swap_amount, 0)) as floating_amount
                from valued
                group by tenant_id, server_id, business_date, login
            ) as summed
            on summed.tenant_id = reports.tenant_id
            and summed.server_id = reports.server_id
            and summed.business_date = reports.business_date
            and summed.login = reports.login
        where reports.floating_result_amount <> coalesce(summed.floating_amount, 0)
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }})

select
    positions.tenant_id,
    positions.server_id,
    positions.business_date,
    positions.position_id,
    positions.tenant_id
    || '/'
    || positions.server_id
    || '/'
    || cast(positions.position_id as varchar) as position_key,
    positions.login,
    coalesce(accounts.account_key, {{ account_key("positions") }}) as account_key,
    accounts.client_key,
    coalesce(books.legal_entity, 'unmapped') as legal_entity,
    coalesce(books.book, 'unmapped') as book,
    coalesce(accounts.is_excluded, false) as is_excluded,
    positions.symbol,
    case
        when positions.symbol = ''
        then ''
        else coalesce(instruments.instrument, {{ instrument_name("positions.symbol") }})
    end as instrument,
    positions.side,
    positions.volume_lots,
    positions.volume_units,
    positions.opened_at_server,
    positions.open_price,
    positions.close_price,
    positions.profit_rate,
    positions.floating_pnl_amount,
    positions.floating_swap_amount,
    positions.floating_commission_amount,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    {{ to_reporting("positions.floating_pnl_amount", "fx", "accounts.money_divisor") }}
    as floating_pnl_reporting,
    {{ to_reporting("positions.floating_swap_amount", "fx", "accounts.money_divisor") }}
    as floating_swap_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from positions
left join
    accounts
    on accounts.tenant_id = positions.tenant_id
    and accounts.server_id = positions.server_id
    and accounts.login = positions.login
left join
    instruments
    on instruments.tenant_id = positions.tenant_id
    and instruments.server_id = positions.server_id
    and instruments.symbol = positions.symbol
left join
    fx
    on fx.business_date = positions.business_date
    and fx.currency = accounts.main_currency
    {{ join_books("positions") }}
