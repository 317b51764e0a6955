{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_identities_from(first_identity_day()) }}",
    )
}}

{%- set components = [
    "deposits_amount",
    "withdrawals_amount",
    "internal_transfers_amount",
    "closed_pnl_amount",
    "swap_amount",
    "commission_amount",
    "commission_round_amount",
    "fees_amount",
    "agent_commission_amount",
    "interest_amount",
    "dividends_amount",
    "taxes_amount",
    "charges_amount",
    "corrections_amount",
    "bonus_amount",
    "stop_out_compensation_amount",
] -%}
{%- set report_components = [
    "closed_pnl_amount",
    "balance_operations_amount",
    "charges_amount",
    "corrections_amount",
    "swap_amount",
    "commission_amount",
    "commission_round_amount",
    "fees_amount",
    "dividends_amount",
    "taxes_amount",
    "stop_out_compensation_amount",
    "agent_commission_amount",
    "interest_amount",
] -%}
{%- set day = "tenant_id, server_id, business_date" -%}
{%- set first_day = first_identity_day() -%}
{%- set account_window = (
    "(partition by tenant_id, server_id, login order by business_date)"
) %}

with

    every_day as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            opening_balance_amount,
            {%- for component in components %} {{ component }}, {%- endfor %}
            closing_balance_amount,
            lag(closing_balance_amount, 1, 0) over {{ account_window }}
            as previous_balance_amount,
            opening_credit_amount,
            credit_change_amount,
            closing_credit_amount,
            lag(closing_credit_amount, 1, 0) over {{ account_window }}
            as previous_credit_amount,
            floating_pnl_amount,
            floating_swap_amount,
            lag(floating_pnl_amount, 1, 0) over {{ account_window }}
            as previous_floating_pnl_amount,
            lag(floating_swap_amount, 1, 0) over {{ account_window }}
            as previous_floating_swap_amount,
            equity_amount,
            platform_balance_amount,
            platform_credit_amount,
            platform_floating_amount
        from {{ ref("fct_account_days") }}
    ),

    days as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            opening_balance_amount,
            {%- for component in components %} {{ component }}, {%- endfor %}
            closing_balance_amount,
            previous_balance_amount,
            opening_credit_amount,
            credit_change_amount,
            closing_credit_amount,
            previous_credit_amount,
            floating_pnl_amount,
            floating_swap_amount,
            previous_floating_pnl_amount,
            previous_floating_swap_amount,
            equity_amount,
            platform_balance_amount,
            platform_credit_amount,
            platform_floating_amount
        from every_day
        where business_date >= {{ first_day }}
    ),

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            account_currency,
            currency_digits,
            book,
            is_excluded,
            is_known,
            known_from
        from {{ ref("can_accounts") }}
    ),

    typed_breaks as (
        select tenant_id, server_id, login, kind, business_date, last_date
        from {{ ref("fct_breaks") }}
        where break_type <> 'unknown' or explained_by is not null
    ),

    reports as (
        select
            reports.tenant_id,
            reports.server_id,
            reports.business_date,
            reports.previous_balance_amount,
            {%- for component in report_components %}
                reports.{{ component }},
            {%- endfor %}
            case
                when servers.bonus_moves = 'balance' then reports.bonus_amount else 0
            end as bonus_amount,
            reports.balance_amount,
            reports.credit_amount,
            reports.floating_pnl_amount,
            reports.floating_swap_amount,
            reports.equity_amount
        from {{ ref("stg_mt5__daily_reports") }} as reports
        left join
            {{ source("meta", "servers") }} as servers
            on servers.tenant_id = reports.tenant_id
            and servers.server_id = reports.server_id
        -- a report that a person has explained is no evidence against the platform
        left join
            {{ ref("fct_breaks") }} as explained
            on explained.tenant_id = reports.tenant_id
            and explained.server_id = reports.server_id
            and explained.login = reports.login
            and explained.explained_by is not null
            and explained.business_date <= reports.business_date
            and explained.last_date >= reports.business_date
        where reports.business_date >= {{ first_day }} and explained.break_key is null
    ),

    mt4_reports as (
        select
            reports.tenant_id,
            reports.server_id,
            reports.business_date,
            reports.previous_balance_amount,
            reports.balance_operations_amount,
            reports.closed_result_amount,
            reports.balance_amount,
            reports.credit_amount,
            reports.floating_result_amount,
            reports.equity_amount
        from {{ ref("stg_mt4__daily_reports") }} as reports
        left join
            {{ ref("fct_breaks") }} as explained
            on explained.tenant_id = reports.tenant_id
            and explained.server_id = reports.server_id
            and explained.login = reports.login
            and explained.explained_by is not null
            and explained.business_date <= reports.business_date
            and explained.last_date >= reports.business_date
        where reports.business_date >= {{ first_day }} and explained.break_key is null
    ),

    tolerances as (
        select
            max(case when rule = 'profit_formula' then value end) as profit_formula,
            max(case when rule = 'position_formula' then value end) as position_formula,
            max(case when rule = 'valuation' then value end) as valuation
        from {{ ref("rul_breaks") }}
        where valid_to is null
    ),

    -- futures are settled by tick value: the plain price difference is not their profit
    exits as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.profit_amount,
            cast(
                deals.raw_profit * deals.profit_rate as decimal(38, 8)
            ) as converted_profit_amount,
            deals.raw_profit,
            -- the platform reckons in doubles, and only the minor unit is compared
            cast(
                {{
                    price_profit(
                        "case deals.action_code when 0 then 'sell' else 'buy' end",
                        "cast(deals.position_price as double)",
                        "cast(deals.price as double)",
                        "cast(deals.volume_closed_lots as double)"
                        ~ " * cast(deals.contract_size as double)",
                    )
                }} as decimal(38, 8)
            ) as price_profit_amount,
            {{ minor_unit("deals.currency_digits") }}
            * tolerances.profit_formula as account_tolerance,
            {{ minor_unit("coalesce(currencies.minor_units, 2)") }}
            * tolerances.profit_formula as profit_currency_tolerance,
            coalesce(instruments.calculation_code, 0)
            not in (1, 33, 34) as is_priced_by_difference
        from {{ ref("stg_mt5__deals") }} as deals
        cross join tolerances
        left join
            {{ ref("can_instruments") }} as instruments
            on instruments.tenant_id = deals.tenant_id
            and instruments.server_id = deals.server_id
            and instruments.symbol = deals.symbol
        left join
            {{ ref("ref_currencies") }} as currencies
            on currencies.currency = instruments.profit_currency
        where
            deals.action_code in (0, 1)
            and deals.volume_closed_lots > 0
            and deals.raw_profit is not null
            and deals.profit_rate <> 0
            and deals.business_date >= {{ first_day }}
    ),

    positions as (
        select
            positions.tenant_id,
            positions.server_id,
            positions.business_date,
            positions.floating_pnl_amount
            - positions.floating_commission_amount as floating_pnl_amount,
            cast(
                {{
                    price_profit(
                        "positions.side",
                        "cast(positions.open_price as double)",
                        "cast(positions.close_price as double)",
                        "cast(positions.volume_units as double)",
                    )
                }} * cast(positions.profit_rate as double) as decimal(38, 8)
            ) as price_result_amount,
            (
                {{ minor_unit("accounts.currency_digits") }}
                + {{ minor_unit("coalesce(currencies.minor_units, 2)") }}
                * positions.profit_rate
            )
            * tolerances.position_formula as tolerance_amount
        from {{ ref("fct_open_positions") }} as positions
        cross join tolerances
        left join
            accounts
            on accounts.tenant_id = positions.tenant_id
            and accounts.server_id = positions.server_id
            and accounts.login = positions.login
        left join
            {{ ref("can_instruments") }} as instruments
            on instruments.tenant_id = positions.tenant_id
            and instruments.server_id = positions.server_id
            and instruments.symbol = positions.symbol
        left join
            {{ ref("ref_currencies") }} as currencies
            on currencies.currency = instruments.profit_currency
        where
            positions.profit_rate <> 0
            and positions.business_date >= {{ first_day }}
            and coalesce(instruments.calculation_code, 0) not in (1, 33, 34)
    ),

    quoted_symbols as (
        select distinct tenant_id, symbol
        from {{ ref("stg_reference__quotes") }}
        where quote_kind = 'closing'
    ),

    -- MetaTrader 4's report of an account beside what its positions come to, where all
    -- of them have a price
    reported_positions as (
        select
            tenant_id,
            server_id,
            business_date,
            login,
            coalesce(
                sum(
                    case
                        when position_id > 0
                        then floating_pnl_amount + floating_swap_amount
                    end
                ),
                0
            ) as positions_amount,
            sum(floating_pnl_amount + floating_swap_amount) as reported_amount,
            coalesce(
                sum(
                    cast(abs(volume_units * close_price) as decimal(38, 8))
                    * cast(profit_rate as decimal(24, 8))
                ),
                0
            ) as value_amount
        from {{ ref("fct_open_positions") }}
        where
            business_date >= {{ first_day }}
            and (tenant_id, server_id)
            in (select (tenant_id, server_id) from mt4_reports)
        group by tenant_id, server_id, business_date, login
        having
            count(*) filter (where floating_pnl_amount is null) = 0
            and count(*) filter (where floating_swap_amount is null) = 0
    ),

    pnl as (
        select
            {{ day }},
            login,
            sum(client_closed_pnl_amount) as closed_pnl,
            sum(client_floating_change_amount) as floating_change,
            sum(client_swap_amount) as swap,
            sum(client_commission_amount) as commission,
            sum(client_fee_amount) as fee
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
        group by {{ day }}, login
    ),

    -- what the P&L has to come to, by account and day; a server without daily reports
    -- has no close that a floating result could change at
    books as (
        select
            days.tenant_id,
            days.server_id,
            days.business_date,
            days.login,
            days.closed_pnl_amount as closed_pnl,
            days.floating_pnl_amount
            - days.previous_floating_pnl_amount as floating_change,
            days.swap_amount
            + days.floating_swap_amount
            - days.previous_floating_swap_amount as swap,
            days.commission_amount + days.commission_round_amount as commission,
            days.fees_amount + days.charges_amount as fee
        from days
        inner join
            accounts
            on accounts.tenant_id = days.tenant_id
            and accounts.server_id = days.server_id
            and accounts.login = days.login
            and not accounts.is_excluded
            and accounts.known_from <> 'deals'
        inner join
            (
                select distinct tenant_id, server_id from {{ ref("int_server_closes") }}
            ) as closing
            on closing.tenant_id = days.tenant_id
            and closing.server_id = days.server_id
    ),

    tied as (
        select
            coalesce(books.tenant_id, pnl.tenant_id) as tenant_id,
            coalesce(books.server_id, pnl.server_id) as server_id,
            coalesce(books.business_date, pnl.business_date) as business_date,
            {%- for line in [
                "closed_pnl",
                "floating_change",
                "swap",
                "commission",
                "fee",
            ] %}
                coalesce(books.{{ line }}, 0) as books_{{ line }},
                coalesce(pnl.{{ line }}, 0) as pnl_{{ line }}{{ "," if not loop.last }}
            {%- endfor %}
        from books
        full outer join
            pnl
            on pnl.tenant_id = books.tenant_id
            and pnl.server_id = books.server_id
            and pnl.login = books.login
            and pnl.business_date = books.business_date
        where
            books.login is not null
            or exists (
                select 1
                from {{ ref("int_server_closes") }} as closes
                where
                    closes.tenant_id = pnl.tenant_id
                    and closes.server_id = pnl.server_id
            )
    ),

    traded as (
        select distinct tenant_id, server_id, symbol
        from {{ ref("can_deals") }}
        where is_trade
    ),

    -- a server without daily reports is compared with its live accounts
    compared as (
        select distinct tenant_id, server_id, login
        from {{ ref("stg_mt5__daily_reports") }}
        union
        select distinct tenant_id, server_id, login
        from {{ ref("stg_mt4__daily_reports") }}
        union
        select distinct tenant_id, server_id, login
        from {{ ref("stg_ctrader__balance_changes") }}
        union
        select live.tenant_id, live.server_id, live.login
        from {{ ref("stg_mt5__accounts") }} as live
        left join
            (
                select distinct tenant_id, server_id from {{ ref("int_server_closes") }}
            ) as closing
            on closing.tenant_id = live.tenant_id
            and closing.server_id = live.server_id
        where closing.server_id is null
    ),

    booked as (
        select {{ day }}, count(distinct deal_key) as deal_count
        from {{ ref("can_deals") }}
        where business_date >= {{ first_day }}
        group by {{ day }}
    ),

    -- what a MetaTrader 4 ticket opened, settled and was taxed for counts apart
    mt4_trades as (
        select {{ day }}, is_trade, is_open, taxes_amount, opened_date
        from {{ ref("stg_mt4__trades") }}
        where
            command in ('buy', 'sell', 'balance', 'credit')
            and close_reason is distinct from 'cancelled'
    ),

    loaded as (
        select {{ day }}, sum(deal_count) as deal_count
        from
            (
                select {{ day }}, count(*) as deal_count
                from {{ ref("stg_mt5__deals") }}
                group by {{ day }}
                union all
                select tenant_id, server_id, opened_date, count(*)
                from mt4_trades
                where is_trade
                group by tenant_id, server_id, opened_date
                union all
                select
                    {{ day }},
                    count(*) + count(*) filter (where is_trade and taxes_amount <> 0)
                from mt4_trades
                where not is_open
                group by {{ day }}
                union all
                select {{ day }}, count(*)
                from {{ ref("stg_ctrader__deals") }}
                where is_filled
                group by {{ day }}
                union all
                select {{ day }}, count(*)
                from {{ ref("stg_ctrader__cash_flows") }}
                group by {{ day }}
            ) as rows_now
        where business_date >= {{ first_day }}
        group by {{ day }}
    ),

    -- one row for each thing checked: it holds when both sides agree within the
    -- tolerance; what is
    -- either there or not is 1 against 0
    checked as (
        select
            'opening_is_previous_closing' as identity_id,
            {{ day }},
            opening_balance_amount as left_amount,
            previous_balance_amount as right_amount,
            cast(0 as decimal(38, 8)) as tolerance
        from days
        union all
        select
            'components_make_closing',
            {{ day }},
            {{ rolled_forward("opening_balance_amount", components) }},
            closing_balance_amount,
            0
        from days
        union all
        select
            'credit_rolls_forward',
            {{ day }},
            previous_credit_amount + credit_change_amount,
            closing_credit_amount,
            0
        from days
        union all
        select
            'equity_is_balance_credit_floating',
            {{ day }},
            {{
                equity(
                    "closing_balance_amount",
                    "closing_credit_amount",
                    "floating_pnl_amount",
                    "floating_swap_amount",
                )
            }},
            equity_amount,
            0
        from days
        {% for kind, books_side in [
                ("balance", "days.closing_balance_amount"),
                ("credit", "days.closing_credit_amount"),
                (
                    "floating",
                    "days.floating_pnl_amount + days.floating_swap_amount",
                ),
            ] %}
            union all
            select
                '{{ kind }}_is_platform',
                days.tenant_id,
                days.server_id,
                days.business_date,
                {{ books_side }},
                days.platform_{{ kind }}_amount,
                -- a break of known type accounts for the whole difference
                case
                    when typed_breaks.login is not null
                    then abs({{ books_side }} - days.platform_{{ kind }}_amount)
                    else 0
                end
            from days
            left join
                typed_breaks
                on typed_breaks.tenant_id = days.tenant_id
                and typed_breaks.server_id = days.server_id
                and typed_breaks.login = days.login
                and typed_breaks.kind = '{{ kind }}'
                and days.business_date
                between typed_breaks.business_date and typed_breaks.last_date
            where days.platform_{{ kind }}_amount is not null
        {% endfor %}
        union all
        select
            'platform_components_make_balance',
            {{ day }},
            previous_balance_amount
            + bonus_amount
            + {{ report_components | join(" + ") }},
            balance_amount,
            0
        from reports
        where previous_balance_amount is not null
        union all
        select
            'platform_components_make_balance',
            {{ day }},
            previous_balance_amount + balance_operations_amount + closed_result_amount,
            balance_amount,
            0
        from mt4_reports
        where previous_balance_amount is not null
        union all
        select
            'platform_equity_adds_up',
            {{ day }},
            balance_amount + credit_amount + floating_pnl_amount + floating_swap_amount,
            equity_amount,
            0
        from reports
        where equity_amount is not null
        union all
        select
            'platform_equity_adds_up',
            {{ day }},
            balance_amount + credit_amount + floating_result_amount,
            equity_amount,
            0
        from mt4_reports
        where equity_amount is not null
        union all
        select
            'profit_is_raw_profit_converted',
            {{ day }},
            profit_amount,
            converted_profit_amount,
            account_tolerance
        from exits
        union all
        select
            'raw_profit_is_price_difference',
            {{ day }},
            raw_profit,
            price_profit_amount,
            profit_currency_tolerance
        from exits
        where is_priced_by_difference and price_profit_amount is not null
        union all
        select
            'floating_is_price_difference',
            {{ day }},
            floating_pnl_amount,
            price_result_amount,
            tolerance_amount
        from positions
        where price_result_amount is not null
        union all
        select
            'positions_are_priced',
            held.tenant_id,
            held.server_id,
            held.business_date,
            case when held.floating_pnl_amount is null then 0 else 1 end,
            1,
            0
        from {{ ref("fct_open_positions") }} as held
        inner join
            quoted_symbols
            on quoted_symbols.tenant_id = held.tenant_id
            and quoted_symbols.symbol = held.symbol
        where held.business_date >= {{ first_day }}
        union all
        select
            'reported_floating_is_positions',
            reported_positions.tenant_id,
            reported_positions.server_id,
            reported_positions.business_date,
            reported_positions.positions_amount,
            reported_positions.reported_amount,
            cast(
                reported_positions.value_amount * tolerances.valuation as decimal(38, 8)
            )
        from reported_positions
        cross join tolerances
        union all
        select
            'pnl_lines_make_total',
            {{ day }},
            dealing_pnl_reporting
            + commission_income_reporting
            + swap_income_reporting
            + fee_income_reporting,
            total_reporting,
            0
        from {{ ref("fct_daily_pnl") }}
        where total_reporting is not null and business_date >= {{ first_day }}
        {% for line in [
                "closed_pnl",
                "floating_change",
                "swap",
                "commission",
                "fee",
            ] %}
            union all
            select
                'pnl_{{ line }}_is_accounts',
                {{ day }},
                pnl_{{ line }},
                books_{{ line }},
                0
            from tied
        {% endfor %}
        union all
        select
            'clock_offset_is_rule',
            {{ day }},
            utc_offset_minutes,
            {{ minutes_between("executed_at_utc", "executed_at_server") }},
            0
        from {{ ref("can_deals") }}
        where utc_offset_minutes is not null and business_date >= {{ first_day }}
        union all
        select
            'amounts_have_a_rate',
            {{ day }},
            case when total_reporting is null then 0 else 1 end,
            1,
            0
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
        union all
        select
            'amounts_have_a_rate',
            movements.tenant_id,
            movements.server_id,
            movements.business_date,
            case when movements.amount_reporting is null then 0 else 1 end,
            1,
            0
        from {{ ref("can_cash_movements") }} as movements
        inner join
            accounts
            on accounts.account_key = movements.account_key
            and accounts.is_known
            and not accounts.is_excluded
        where movements.business_date >= {{ first_day }}
        union all
        select
            'accounts_have_a_currency',
            tenant_id,
            server_id,
            null,
            case when account_currency = 'XXX' then 0 else 1 end,
            1,
            0
        from accounts
        where is_known and not is_excluded
        union all
        select
            'groups_are_mapped',
            tenant_id,
            server_id,
            null,
            case when book = 'unmapped' then 0 else 1 end,
            1,
            0
        from accounts
        where is_known
        union all
        select
            'symbols_are_described',
            traded.tenant_id,
            traded.server_id,
            null,
            case when instruments.symbol is null then 0 else 1 end,
            1,
            0
        from traded
        left join
            {{ ref("can_instruments") }} as instruments
            on instruments.tenant_id = traded.tenant_id
            and instruments.server_id = traded.server_id
            and instruments.symbol = traded.symbol
        union all
        select
            'accounts_were_compared',
            accounts.tenant_id,
            accounts.server_id,
            null,
            case when compared.login is null then 0 else 1 end,
            1,
            0
        from accounts
        left join
            compared
            on compared.tenant_id = accounts.tenant_id
            and compared.server_id = accounts.server_id
            and compared.login = accounts.login
        where
            accounts.known_from <> 'deals'
            and exists (
                select 1
                from every_day
                where
                    every_day.tenant_id = accounts.tenant_id
                    and every_day.server_id = accounts.server_id
                    and every_day.login = accounts.login
            )
        union all
        select
            'deals_are_the_source_rows',
            coalesce(booked.tenant_id, loaded.tenant_id),
            coalesce(booked.server_id, loaded.server_id),
            coalesce(booked.business_date, loaded.business_date),
            coalesce(booked.deal_count, 0),
            coalesce(loaded.deal_count, 0),
            0
        from booked
        full outer join
            loaded
            on loaded.tenant_id = booked.tenant_id
            and loaded.server_id = booked.server_id
            and loaded.business_date = booked.business_date
    ),

    counted as (
        select
            identity_id,
            {{ day }},
            count(*) as population,
            count(*) filter (
                where coalesce(abs(left_amount - right_amount) > tolerance, true)
            ) as broken,
            max(
                case
                    when abs(left_amount - right_amount) > tolerance
                    then abs(left_amount - right_amount)
                end
            ) as worst,
            sum(left_amount) as sum_left,
            sum(right_amount) as sum_right
        from checked
        group by identity_id, {{ day }}
    )

-- an identity that nothing could be checked on is listed too, with a population of zero
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    coalesce(counted.population, 0) as population,
    coalesce(counted.broken, 0) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
from {{ ref("ref_identities") }} as identities
left join counted on counted.identity_id = identities.identity_id
{%- if is_incremental() %}
    where
        counted.identity_id is not null
        or identities.identity_id not in (
            select held.identity_id from {{ this }} as held where held.population > 0
        )
{%- endif %}
