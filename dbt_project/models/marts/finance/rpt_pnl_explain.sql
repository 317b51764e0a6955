{{ config(materialized="view") }}

{%- set keys = [
    "tenant_id",
    "server_id",
    "legal_entity",
    "book",
    "desk",
    "business_date",
    "account_key",
    "symbol",
    "instrument",
] -%}
{%- set parts = [
    "new_trades",
    "price_move",
    "fx_move",
    "swap",
    "commission",
    "fees",
    "hedging",
    "costs",
    "adjustments",
    "corrected",
    "dealing",
] -%}

with

    accounts as (
        select tenant_id, server_id, login, account_key, main_currency, money_divisor
        from {{ ref("can_accounts") }}
        where not is_excluded and known_from <> 'deals'
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    closes as (
        select tenant_id, server_id, business_date, previous_close_date, has_positions
        from {{ ref("int_server_closes") }}
    ),

    servers as (
        select tenant_id, server_id, end_of_day_minutes
        from {{ source("meta", "servers") }}
    ),

    -- as in int_deals__corrected: both sides on the server's clock
    realised as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.login,
            deals.symbol,
            coalesce(deals.position_id, 0) as position_id,
            deals.closed_pnl_amount,
            case
                when
                    {{
                        microseconds_between(
                            "deals.executed_at_utc", "deals.changed_at_utc"
                        )
                    }}
                    > {{
                        microseconds_between(
                            "deals.executed_at_server",
                            minutes_after(
                                "cast(deals.business_date as timestamp)",
                                "coalesce(servers.end_of_day_minutes, 1439) + 1",
                            ),
                        )
                    }}
                then deals.closed_pnl_amount
                else 0
            end as corrected_amount
        from {{ ref("can_deals") }} as deals
        left join
            servers
            on servers.tenant_id = deals.tenant_id
            and servers.server_id = deals.server_id
        where deals.is_trade and deals.closed_pnl_amount <> 0
    ),

    -- what each position came to on a day, and what it stood at on both closes
    steps as (
        select
            tenant_id,
            server_id,
            business_date,
            login,
            symbol,
            position_id,
            closed_pnl_amount as realised,
            corrected_amount as corrected,
            cast(0 as decimal(24, 8)) as floating_now,
            cast(0 as decimal(38, 8)) as floating_now_reporting,
            cast(null as decimal(24, 12)) as rate_now,
            cast(0 as decimal(24, 8)) as floating_before,
            cast(0 as decimal(38, 8)) as floating_before_reporting,
            cast(null as decimal(24, 12)) as rate_before,
            0 as is_held
        from realised
        union all
        select
            tenant_id,
            server_id,
            business_date,
            login,
            symbol,
            position_id,
            0,
            0,
            floating_pnl_amount,
            floating_pnl_reporting,
            profit_rate,
            0,
            0,
            null,
            0
        from {{ ref("fct_open_positions") }}
        union all
        select
            held.tenant_id,
            held.server_id,
            closes.business_date,
            held.login,
            held.symbol,
            held.position_id,
            0,
            0,
            0,
            0,
            null,
            held.floating_pnl_amount,
            held.floating_pnl_reporting,
            held.profit_rate,
            1
        from closes
        inner join
            {{ ref("fct_open_positions") }} as held
            on held.tenant_id = closes.tenant_id
            and held.server_id = closes.server_id
            and held.business_date = closes.previous_close_date
    ),

    positions as (
        select
            tenant_id,
            server_id,
            business_date,
            login,
            symbol,
            position_id,
            sum(realised) as realised,
            sum(corrected) as corrected,
            sum(floating_now_reporting) as floating_now_reporting,
            sum(floating_before) as floating_before,
            sum(floating_before_reporting) as floating_before_reporting,
            max(rate_now) as rate_now,
            max(rate_before) as rate_before,
            max(is_held) as is_held
        from steps
        group by tenant_id, server_id, business_date, login, symbol, position_id
    ),

    -- the house's side: minus what the client made. What held positions made because
    -- a rate moved is their result at yesterday's close, once at the platform's new
    -- rate of the profit currency and once at the new rate to the reporting currency.
    moved as (
        select
            positions.tenant_id,
            positions.server_id,
            books.legal_entity,
            books.book,
            books.desk,
            positions.business_date,
            accounts.account_key,
            positions.symbol,
            coalesce(
                instruments.instrument, {{ instrument_name("positions.symbol") }}
            ) as instrument,
            positions.is_held,
            - {{ to_reporting("positions.corrected", "fx", "accounts.money_divisor") }}
            as corrected,
            - (
                {{ to_reporting("positions.realised", "fx", "accounts.money_divisor") }}
                + positions.floating_now_reporting
                - positions.floating_before_reporting
            ) as moved,
            case
                when positions.is_held = 1
                then
                    - (
                        {{
                            to_reporting(
                                "positions.floating_before",
                                "fx",
                                "accounts.money_divisor",
                            )
                        }} - positions.floating_before_reporting
                    )
                    - coalesce(
                        {{
                            to_reporting(
                                ratio(
                                    "positions.floating_before * (positions.rate_now - positions.rate_before)",
                                    "positions.rate_before",
                                ),
                                "fx",
                                "accounts.money_divisor",
                            )
                        }},
                        0
                    )
                else 0
            end as fx_move
        from positions
        left join
            accounts
            on accounts.tenant_id = positions.tenant_id
            and accounts.server_id = positions.server_id
            and accounts.login = positions.login
            {{ join_books("positions") }}
        left join
            instruments
            on instruments.tenant_id = positions.tenant_id
            and instruments.server_id = positions.server_id
            and instruments.symbol = positions.symbol
        left join
            fx
            on fx.business_date = positions.business_date
            and fx.currency = accounts.main_currency
        where accounts.account_key is not null and books.book = 'B'
    ),

    pieces as (
        select
            {{ keys | join(", ") }},
            case when is_held = 0 then moved - corrected else 0 end as new_trades,
            case
                when is_held = 1 then moved - corrected - fx_move else 0
            end as price_move,
            fx_move,
            0 as swap,
            0 as commission,
            0 as fees,
            0 as hedging,
            0 as costs,
            0 as adjustments,
            corrected,
            0 as dealing,
            0 as total
        from moved
        union all
        select
            {{ keys | join(", ") }},
            0,
            0,
            0,
            case when line = 'swap_income' then amount_reporting else 0 end,
            case when line = 'commission_income' then amount_reporting else 0 end,
            case
                when line in ('fee_income', 'charge_income')
                then amount_reporting
                else 0
            end,
            case
                when
                    line in (
                        'mark_up',
                        'hedge_residual',
                        'valuation',
                        'lp_commission',
                        'lp_swap',
                        'lp_adjustment'
                    )
                then amount_reporting
                else 0
            end,
            case
                when
                    line in (
                        'ib_cost',
                        'agent_commission',
                        'psp_fees',
                        'chargebacks',
                        'bonus_cost',
                        'write_off'
                    )
                then amount_reporting
                else 0
            end,
            case when line = 'adjustments' then amount_reporting else 0 end,
            0,
            case
                when line in ('dealing_realised', 'dealing_floating')
                then amount_reporting
                else 0
            end,
            amount_reporting
        from {{ ref("fct_broker_pnl") }}
    ),

    -- a sum that lacks one of its rates is not known
    summed as (
        select
            {{ keys | join(", ") }},
            {%- for part in parts %}
                case
                    when count({{ part }}) = count(*) then sum({{ part }})
                end as {{ part }},
            {%- endfor %}
            case when count(total) = count(*) then sum(total) end as total
        from pieces
        group by {{ keys | join(", ") }}
    ),

    exporting as (
        select
            tenant_id,
            server_id,
            max(case when has_positions then 1 else 0 end) as has_positions
        from closes
        group by tenant_id, server_id
    ),

    -- where no positions are exported, a floating result moves without a reason told
    left_over as (
        select
            {%- for name in keys %} summed.{{ name }}, {%- endfor %}
            {%- for part in parts %} summed.{{ part }}, {%- endfor %}
            summed.total,
            summed.dealing
            - summed.new_trades
            - summed.price_move
            - summed.fx_move
            - summed.corrected as unexplained,
            coalesce(exporting.has_positions, 1) as has_positions
        from summed
        left join
            exporting
            on exporting.tenant_id = summed.tenant_id
            and exporting.server_id = summed.server_id
    )

select
    {{ keys | join(", ") }},
    cast(new_trades as decimal(38, 8)) as new_trades_reporting,
    cast(
        price_move
        + case when has_positions = 0 then unexplained else 0 end as decimal(38, 8)
    ) as price_move_reporting,
    cast(fx_move as decimal(38, 8)) as fx_move_reporting,
    cast(swap as decimal(38, 8)) as swap_reporting,
    cast(commission as decimal(38, 8)) as commission_reporting,
    cast(fees as decimal(38, 8)) as fees_reporting,
    cast(hedging as decimal(38, 8)) as hedging_reporting,
    cast(costs as decimal(38, 8)) as costs_reporting,
    cast(adjustments + corrected as decimal(38, 8)) as corrections_reporting,
    cast(
        case when has_positions = 1 then unexplained else 0 end as decimal(38, 8)
    ) as remainder_reporting,
    cast(total as decimal(38, 8)) as total_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from left_over
