{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_tenant_days(hedging_days()) }}",
    )
}}

with

    {% if is_incremental() %}
        days as (select tenant_id, business_date from {{ hedging_days() }} as changed),
    {% endif %}

    fills as (
        select
            fills.tenant_id,
            fills.server_id,
            fills.legal_entity,
            fills.book,
            fills.desk,
            fills.instrument,
            fills.lp_id,
            fills.business_date,
            fills.deal_key,
            fills.side,
            fills.volume_units,
            fills.matched_units,
            fills.price,
            fills.mark_up_amount,
            fills.commission_amount
        from {{ ref("fct_lp_fills") }} as fills
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = fills.tenant_id
                and days.business_date = fills.business_date
        {% endif %}
    ),

    -- what a client holds from before the first fill counts as hedged
    hedging_begins as (
        select tenant_id, min(business_date) as first_date
        from {{ ref("fct_lp_fills") }}
        group by tenant_id
    ),

    hedged as (
        select deal_key, sum(matched_units) as matched_units
        from fills
        where deal_key is not null
        group by deal_key
    ),

    accounts as (
        select tenant_id, server_id, login, account_key
        from {{ ref("can_accounts") }}
        where not is_excluded
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    ),

    deals as (
        select
            deals.tenant_id,
            deals.server_id,
            books.legal_entity,
            books.book,
            books.desk,
            coalesce(
                instruments.instrument, {{ instrument_name("deals.symbol") }}
            ) as instrument,
            deals.business_date,
            {{ side_sign("deals.side") }} as direction,
            cast(deals.volume_units as decimal(24, 8)) as volume_units,
            cast(coalesce(hedged.matched_units, 0) as decimal(24, 8)) as matched_units,
            deals.price,
            deals.is_turnover
        from {{ ref("can_deals") }} as deals
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = deals.tenant_id
                and days.business_date = deals.business_date
        {% endif %}
        left join
            accounts
            on accounts.tenant_id = deals.tenant_id
            and accounts.server_id = deals.server_id
            and accounts.login = deals.login
            {{ join_books("deals") }}
        left join
            instruments
            on instruments.tenant_id = deals.tenant_id
            and instruments.server_id = deals.server_id
            and instruments.symbol = deals.symbol
        left join hedging_begins on hedging_begins.tenant_id = deals.tenant_id
        left join hedged on hedged.deal_key = deals.deal_key
        where
            deals.is_trade
            and books.book in ('A', 'C')
            and accounts.account_key is not null
            and deals.business_date >= hedging_begins.first_date
    ),

    periods as (
        select
            tenant_id,
            server_id,
            login,
            book,
            legal_entity,
            desk,
            valid_from,
            lag(book) over (
                partition by tenant_id, server_id, login order by valid_from
            ) as previous_book,
            lag(legal_entity) over (
                partition by tenant_id, server_id, login order by valid_from
            ) as previous_entity,
            lag(desk) over (
                partition by tenant_id, server_id, login order by valid_from
            ) as previous_desk
        from {{ ref("can_account_books") }}
    ),

    -- what an account takes along to another book, at its last price in the old one
    held as (
        select
            periods.tenant_id,
            periods.server_id,
            periods.book,
            periods.legal_entity,
            periods.desk,
            periods.previous_book,
            periods.previous_entity,
            periods.previous_desk,
            closes.business_date,
            positions.instrument,
            {{ side_sign("positions.side") }}
            * cast(positions.volume_units as decimal(24, 8)) as signed_units,
            positions.close_price
        from periods
        inner join
            {{ ref("int_server_closes") }} as closes
            on closes.tenant_id = periods.tenant_id
            and closes.server_id = periods.server_id
            and closes.business_date >= periods.valid_from
            and closes.previous_close_date < periods.valid_from
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = closes.tenant_id
                and days.business_date = closes.business_date
        {% endif %}
        inner join
            {{ ref("fct_open_positions") }} as positions
            on positions.tenant_id = periods.tenant_id
            and positions.server_id = periods.server_id
            and positions.login = periods.login
            and positions.business_date = closes.previous_close_date
        inner join
            hedging_begins
            on hedging_begins.tenant_id = periods.tenant_id
            and hedging_begins.first_date <= closes.previous_close_date
        where
            not positions.is_excluded
            and periods.previous_book is not null
            and (
                periods.book <> periods.previous_book
                or periods.legal_entity <> periods.previous_entity
                or periods.desk <> periods.previous_desk
            )
    ),

    transferred as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            instrument,
            business_date,
            signed_units,
            close_price
        from held
        union all
        select
            tenant_id,
            server_id,
            previous_entity,
            previous_book,
            previous_desk,
            instrument,
            business_date,
            - signed_units,
            close_price
        from held
    ),

    flows as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            instrument,
            '' as lp_id,
            business_date,
            -- rollovers move a position and its price, but nobody hedges them
            case when is_turnover then 1 else 0 end as deal_count,
            case
                when is_turnover and matched_units < volume_units then 1 else 0
            end as open_deal_count,
            case when is_turnover then volume_units else 0 end as client_units,
            case
                when is_turnover then volume_units - matched_units else 0
            end as unhedged_units,
            direction * volume_units as client_signed_units,
            {{ product(["direction", "volume_units", "price"], 38) }}
            as client_value_amount,
            0 as fill_count,
            0 as unmatched_fill_count,
            0 as charged_fill_count,
            cast(0 as decimal(24, 8)) as fill_units,
            cast(0 as decimal(24, 8)) as matched_units,
            cast(0 as decimal(24, 8)) as fill_signed_units,
            cast(0 as decimal(38, 8)) as fill_value_amount,
            cast(0 as decimal(38, 8)) as fill_prices_sum,
            cast(0 as decimal(38, 8)) as mark_up_amount
        from deals
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            instrument,
            '',
            business_date,
            0,
            0,
            0,
            0,
            signed_units,
            {{ product(["signed_units", "close_price"], 38) }},
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0
        from transferred
        where book in ('A', 'C')
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            instrument,
            lp_id,
            business_date,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
            case when deal_key is null then 1 else 0 end,
            case when commission_amount <> 0 then 1 else 0 end,
            volume_units,
            matched_units,
            {{ side_sign("side") }} * volume_units,
            {{ product([side_sign("side"), "volume_units", "price"], 38) }},
            price,
            mark_up_amount
        from fills
    )

select
    tenant_id,
    server_id,
    legal_entity,
    book,
    desk,
    instrument,
    lp_id,
    business_date,
    cast(sum(deal_count) as bigint) as deal_count,
    cast(sum(open_deal_count) as bigint) as open_deal_count,
    cast(sum(client_units) as decimal(38, 8)) as client_units,
    cast(sum(unhedged_units) as decimal(38, 8)) as unhedged_units,
    cast(sum(client_signed_units) as decimal(38, 8)) as client_signed_units,
    cast(sum(client_value_amount) as decimal(38, 8)) as client_value_amount,
    cast(sum(fill_count) as bigint) as fill_count,
    cast(sum(unmatched_fill_count) as bigint) as unmatched_fill_count,
    cast(sum(charged_fill_count) as bigint) as charged_fill_count,
    cast(sum(fill_units) as decimal(38, 8)) as fill_units,
    cast(sum(matched_units) as decimal(38, 8)) as matched_units,
    cast(sum(fill_signed_units) as decimal(38, 8)) as fill_signed_units,
    cast(sum(fill_value_amount) as decimal(38, 8)) as fill_value_amount,
    cast(sum(fill_prices_sum) as decimal(38, 8)) as fill_prices_sum,
    cast(sum(mark_up_amount) as decimal(38, 8)) as mark_up_amount
from flows
group by 1, 2, 3, 4, 5, 6, 7, 8
order by business_date, tenant_id, instrument, lp_id
