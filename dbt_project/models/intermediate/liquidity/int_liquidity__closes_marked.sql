{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_tenant_days(marked_days()) }}",
    )
}}

with

    {% if is_incremental() %}
        days as (select tenant_id, business_date from {{ marked_days() }} as changed),
    {% endif %}

    every_quote as (
        select tenant_id, symbol
        from {{ ref("stg_reference__quotes") }}
        where quote_kind = 'closing'
    ),

    quotes as (
        select
            quotes.tenant_id,
            quotes.symbol,
            cast(quotes.quoted_at as date) as business_date,
            quotes.quoted_at,
            cast(quotes.bid_price as decimal(24, 8)) as bid_price,
            cast(quotes.ask_price as decimal(24, 8)) as ask_price
        from {{ ref("stg_reference__quotes") }} as quotes
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = quotes.tenant_id
                and days.business_date = cast(quotes.quoted_at as date)
        {% endif %}
        where quotes.quote_kind = 'closing'
    ),

    quoted as (
        select tenant_id, instrument, symbol
        from {{ quoted_instruments("every_quote") }} as chosen
    ),

    held as (
        select
            held.tenant_id,
            held.instrument,
            held.business_date,
            held.side,
            held.close_price
        from {{ ref("fct_open_positions") }} as held
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = held.tenant_id
                and days.business_date = held.business_date
        {% endif %}
    ),

    -- platform prices (a long position's is the bid, a short one's the ask) only for
    -- what nobody quotes: the two must not take turns
    prices as (
        select
            quoted.tenant_id,
            quoted.instrument,
            quotes.business_date,
            max_by(quotes.bid_price, quotes.quoted_at) as quote_bid_price,
            max_by(quotes.ask_price, quotes.quoted_at) as quote_ask_price,
            cast(null as decimal(24, 8)) as platform_bid_price,
            cast(null as decimal(24, 8)) as platform_ask_price
        from quotes
        inner join
            quoted
            on quoted.tenant_id = quotes.tenant_id
            and quoted.symbol = quotes.symbol
        group by quoted.tenant_id, quoted.instrument, quotes.business_date
        union all
        select
            held.tenant_id,
            held.instrument,
            held.business_date,
            null,
            null,
            max(case when held.side = 'buy' then held.close_price end),
            min(case when held.side = 'sell' then held.close_price end)
        from held
        left join
            quoted
            on quoted.tenant_id = held.tenant_id
            and quoted.instrument = held.instrument
        where quoted.instrument is null
        group by held.tenant_id, held.instrument, held.business_date
    ),

    joined as (
        select
            tenant_id,
            instrument,
            business_date,
            max(quote_bid_price) as quote_bid_price,
            max(quote_ask_price) as quote_ask_price,
            max(platform_bid_price) as platform_bid_price,
            max(platform_ask_price) as platform_ask_price
        from prices
        group by tenant_id, instrument, business_date
    )

select
    tenant_id,
    instrument,
    business_date,
    coalesce(
        {{ ratio("quote_bid_price + quote_ask_price", "2") }},
        quote_bid_price,
        quote_ask_price,
        {{ ratio("platform_bid_price + platform_ask_price", "2") }},
        platform_bid_price,
        platform_ask_price
    ) as mark_price,
    case
        when quote_bid_price is not null or quote_ask_price is not null
        then 'quote'
        else 'platform'
    end as mark_source
from joined
where
    coalesce(quote_bid_price, quote_ask_price, platform_bid_price, platform_ask_price)
    is not null
order by business_date, tenant_id, instrument
