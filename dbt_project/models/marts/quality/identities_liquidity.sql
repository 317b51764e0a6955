{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_identities_from(first_liquidity_day()) }}",
    )
}}

{%- set first_day = first_liquidity_day() -%}
{%- set identities = {
    "lp_fills_are_booked": "Every standing fill of a provider is booked once, with its volume",
    "lp_volume_is_allocated": "The volume of a fill hedges a deal or nothing, and no deal is hedged twice over",
    "lp_balance_rolls_forward": "A provider''s opening balance and lines come to its closing balance, or the difference has a type",
    "hedges_are_marked": "Every open hedge and exposure could be valued at a close of the last five days",
    "hedged_lines_make_result": "Mark-up, hedge residual and valuation come to the providers'' result less the clients'', by day and book",
    "payment_costs_are_in_the_pnl": "Fees and chargebacks that providers state are lines of the broker''s P&L, by day and currency",
    "broker_pnl_is_daily_pnl": "Dealing, commission and swap of the broker''s P&L are those of the daily P&L",
    "broker_pnl_has_rates": "Every line of the broker''s P&L has a rate to the reporting currency",
    "pnl_explain_adds_up": "The parts that explain a day come to its total, with nothing left over",
} -%}

with

    identities as (
        {%- for name, what in identities.items() %}
            select
                '{{ name }}' as identity_id,
                '{{ what }}' as what
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    pnl as (
        select
            tenant_id,
            server_id,
            book,
            business_date,
            line,
            amount,
            amount_currency as currency,
            amount_reporting
        from {{ ref("fct_broker_pnl") }}
        where business_date >= {{ first_day }}
    ),

    booked_fills as (
        select
            coalesce(standing.tenant_id, booked.tenant_id) as tenant_id,
            coalesce(booked.server_id, standing.server_id) as server_id,
            coalesce(booked.business_date, standing.business_date) as business_date,
            standing.volume_units as standing_units,
            booked.volume_units as booked_units
        from
            (
                select
                    tenant_id,
                    server_id,
                    business_date,
                    fill_key,
                    raw_row_id,
                    volume_units
                from {{ ref("can_lp_fills") }}
                where business_date >= {{ days_after(first_day, -3) }}
            ) as standing
        full outer join
            (
                select
                    tenant_id,
                    server_id,
                    business_date,
                    fill_key,
                    raw_row_id,
                    volume_units
                from {{ ref("fct_lp_fills") }}
                where business_date >= {{ days_after(first_day, -3) }}
            ) as booked
            on booked.fill_key = standing.fill_key
            and booked.raw_row_id = standing.raw_row_id
        where coalesce(booked.business_date, standing.business_date) >= {{ first_day }}
    ),

    hedged_deals as (
        select
            fills.tenant_id,
            fills.server_id,
            fills.business_date,
            fills.deal_key,
            sum(fills.matched_units) as matched_units
        from {{ ref("fct_lp_fills") }} as fills
        where fills.deal_key is not null and fills.business_date >= {{ first_day }}
        group by fills.tenant_id, fills.server_id, fills.business_date, fills.deal_key
    ),

    deals as (
        select deal_key, volume_units
        from {{ ref("can_deals") }}
        where is_trade and business_date >= {{ days_after(first_day, -3) }}
    ),

    exposures as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            instrument,
            lp_id,
            business_date,
            is_marked,
            max(business_date) over (partition by tenant_id) as last_date,
            max(case when is_marked then business_date end) over (
                partition by
                    tenant_id, server_id, legal_entity, book, desk, instrument, lp_id
            ) as marked_date
        from {{ ref("fct_lp_reconciliation") }}
        where business_date >= {{ first_day }}
    ),

    hedging_begins as (
        select tenant_id, min(business_date) as first_date
        from {{ ref("fct_lp_reconciliation") }}
        where fill_count > 0
        group by tenant_id
    ),

    results as (
        select
            tenant_id,
            server_id,
            book,
            business_date,
            amount_reporting as lines_amount,
            cast(0 as decimal(38, 8)) as result_amount
        from pnl
        where line in ('mark_up', 'hedge_residual', 'valuation')
        union all
        select
            clients.tenant_id,
            clients.server_id,
            clients.book,
            clients.business_date,
            0,
            - (
                clients.client_closed_pnl_reporting
                + clients.client_floating_change_reporting
            )
        from {{ ref("fct_daily_pnl") }} as clients
        inner join
            hedging_begins
            on hedging_begins.tenant_id = clients.tenant_id
            and hedging_begins.first_date <= clients.business_date
        where clients.book in ('A', 'C') and clients.business_date >= {{ first_day }}
        union all
        select tenant_id, server_id, book, business_date, 0, lp_result_reporting
        from {{ ref("fct_lp_reconciliation") }}
        where lp_id <> '' and is_marked and business_date >= {{ first_day }}
    ),

    daily as (
        select
            tenant_id,
            server_id,
            business_date,
            line,
            amount_reporting as ours,
            cast(0 as decimal(38, 8)) as theirs
        from pnl
        where
            line in (
                'dealing_realised',
                'dealing_floating',
                'commission_income',
                'swap_income'
            )
        union all
        select tenant_id, server_id, business_date, 'dealing', 0, dealing_pnl_reporting
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
        union all
        select
            tenant_id,
            server_id,
            business_date,
            'commission_income',
            0,
            commission_income_reporting
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
        union all
        select
            tenant_id, server_id, business_date, 'swap_income', 0, swap_income_reporting
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
    ),

    costs as (
        select tenant_id, server_id, business_date, currency, amount, 0 as booked_amount
        from {{ ref("int_payments__costs_stated") }}
        where business_date >= {{ first_day }}
        union all
        select tenant_id, server_id, business_date, currency, 0, amount
        from pnl
        where line in ('psp_fees', 'chargebacks')
    ),

    checked as (
        select
            'lp_fills_are_booked' as identity_id,
            tenant_id,
            server_id,
            business_date,
            standing_units as left_amount,
            booked_units as right_amount,
            cast(0 as decimal(24, 8)) as tolerance
        from booked_fills
        union all
        select
            'lp_volume_is_allocated',
            hedged_deals.tenant_id,
            hedged_deals.server_id,
            hedged_deals.business_date,
            case
                when hedged_deals.matched_units > deals.volume_units
                then hedged_deals.matched_units
                else deals.volume_units
            end,
            deals.volume_units,
            0
        from hedged_deals
        left join deals on deals.deal_key = hedged_deals.deal_key
        union all
        select
            'lp_balance_rolls_forward',
            tenant_id,
            '',
            balance_date,
            expected_balance_amount
            + case when break_type is null then 0 else balance_difference_amount end,
            closing_balance_amount,
            0
        from {{ ref("fct_lp_balances") }}
        where
            (break_type is null or break_type <> 'no_opening')
            and balance_date >= {{ first_day }}
        union all
        select
            'hedges_are_marked',
            tenant_id,
            server_id,
            business_date,
            case
                when is_marked or {{ days_between("business_date", "last_date") }} < 5
                then 0
                when marked_date >= business_date
                then 0
                else 1
            end,
            0,
            0
        from exposures
        union all
        select
            'hedged_lines_make_result',
            tenant_id,
            server_id,
            business_date,
            sum(lines_amount),
            case when count(result_amount) = count(*) then sum(result_amount) end,
            0
        from results
        group by tenant_id, server_id, book, business_date
        union all
        select
            'broker_pnl_is_daily_pnl',
            tenant_id,
            server_id,
            business_date,
            sum(ours),
            case when count(theirs) = count(*) then sum(theirs) end,
            0
        from daily
        group by
            tenant_id,
            server_id,
            business_date,
            case
                when line in ('commission_income', 'swap_income')
                then line
                else 'dealing'
            end
        having count(ours) = count(*) and count(theirs) = count(*)
        union all
        select
            'payment_costs_are_in_the_pnl',
            tenant_id,
            server_id,
            business_date,
            sum(amount),
            sum(booked_amount),
            0
        from costs
        group by tenant_id, server_id, business_date, currency
        union all
        select
            'broker_pnl_has_rates',
            tenant_id,
            server_id,
            business_date,
            case when amount_reporting is null then 1 else 0 end,
            0,
            0
        from pnl
        union all
        select
            'pnl_explain_adds_up',
            tenant_id,
            server_id,
            business_date,
            new_trades_reporting
            + price_move_reporting
            + fx_move_reporting
            + swap_reporting
            + commission_reporting
            + fees_reporting
            + hedging_reporting
            + costs_reporting
            + corrections_reporting,
            total_reporting,
            0.000001
        from {{ ref("rpt_pnl_explain") }}
        where total_reporting is not null and business_date >= {{ first_day }}
    ),

    counted as (
        select
            identity_id,
            tenant_id,
            server_id,
            business_date,
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
        group by identity_id, tenant_id, server_id, business_date
    )

select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.broken, 0) as bigint) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
-- an identity that nothing could be checked on is listed too, with a population of zero
from identities
left join counted on counted.identity_id = identities.identity_id
{%- if is_incremental() %}
    where
        counted.identity_id is not null
        or identities.identity_id not in (
            select held.identity_id from {{ this }} as held where held.population > 0
        )
{%- endif %}
