{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_clock_days(lp_fill_days()) }}",
    )
}}

{%- set horizons = [0, 1, 10, 60, 300] -%}
{%- set facts = [
    "tenant_id",
    "lp_id",
    "fill_key",
    "server_id",
    "legal_entity",
    "book",
    "desk",
    "business_date",
    "clock_date",
    "executed_at_utc",
    "symbol",
    "instrument",
    "profit_currency",
    "side",
    "direction",
    "volume_lots",
    "volume_units",
    "price",
    "commission_amount",
    "commission_currency",
    "raw_row_id",
    "matched_by",
    "deal_key",
    "account_key",
    "client_key",
    "country",
    "deal_symbol",
    "deal_executed_at_utc",
    "client_price",
] -%}

with

    {% if is_incremental() %}
        days as (select tenant_id, clock_date from {{ lp_fill_days() }} as changed),
    {% endif %}

    fills as (
        select
            fills.tenant_id,
            fills.lp_id,
            fills.fill_key,
            fills.server_id,
            fills.business_date as clock_date,
            fills.executed_at_utc,
            try_cast(
                regexp_extract(
                    coalesce(fills.client_order_id, ''), '([0-9]+)$', 1
                ) as bigint
            ) as reference,
            fills.symbol,
            fills.instrument,
            fills.profit_currency,
            fills.side,
            fills.volume_lots,
            fills.volume_units,
            fills.price,
            fills.commission_amount,
            fills.commission_currency,
            fills.raw_row_id
        from {{ ref("can_lp_fills") }} as fills
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = fills.tenant_id
                and days.clock_date = fills.business_date
        {% endif %}
    ),

    -- a deal and its fill may lie on both sides of midnight
    deal_days as (
        select distinct
            fills.tenant_id,
            {{ days_after("fills.clock_date", "around.days") }} as business_date
        from fills
        cross join
            (
                select -1 as days
                union all
                select 0
                union all
                select 1
            ) as around
    ),

    accounts as (
        select tenant_id, server_id, login, account_key, client_key, country
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
            deals.deal_key,
            deals.deal_id,
            deals.order_id,
            deals.position_id,
            deals.business_date,
            deals.executed_at_utc,
            deals.symbol,
            coalesce(
                instruments.instrument, {{ instrument_name("deals.symbol") }}
            ) as instrument,
            deals.side,
            cast(deals.volume_units as decimal(24, 8)) as volume_units,
            deals.price,
            accounts.account_key,
            accounts.client_key,
            accounts.country,
            books.legal_entity,
            books.book,
            books.desk
        from {{ ref("can_deals") }} as deals
        inner join
            deal_days
            on deal_days.tenant_id = deals.tenant_id
            and deal_days.business_date = deals.business_date
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
        where
            deals.is_trade
            and books.book in ('A', 'C')
            and accounts.account_key is not null
    ),

    rules as (select rule, value, valid_from, valid_to from {{ ref("rul_liquidity") }}),

    limits as (
        select
            dates.clock_date,
            max(
                case rules.rule when 'reference_seconds' then rules.value end
            ) as reference_seconds,
            max(
                case rules.rule when 'before_seconds' then rules.value end
            ) as before_seconds,
            max(
                case rules.rule when 'after_seconds' then rules.value end
            ) as after_seconds
            {%- for seconds in horizons if seconds %}
                ,
                max(
                    case
                        rules.rule when 'quote_seconds_{{ seconds }}' then rules.value
                    end
                ) as quote_seconds_{{ seconds }}
            {%- endfor %}
        from (select distinct clock_date from fills) as dates
        inner join rules on {{ effective("rules", "dates.clock_date") }}
        group by dates.clock_date
    ),

    references_of_deals as (
        select tenant_id, deal_key, deal_id as reference
        from deals
        union
        select tenant_id, deal_key, order_id
        from deals
        where order_id <> 0
        union
        select tenant_id, deal_key, position_id
        from deals
        where position_id <> 0
    ),

    -- the deal that the fill's order names; nearest in time, because platforms number
    -- deals, orders and positions each for themselves
    named as (
        select
            fills.fill_key,
            deals.deal_key,
            row_number() over (
                partition by fills.fill_key
                order by
                    abs(
                        {{
                            microseconds_between(
                                "deals.executed_at_utc", "fills.executed_at_utc"
                            )
                        }}
                    ),
                    deals.deal_key
            ) as place
        from fills
        inner join limits on limits.clock_date = fills.clock_date
        inner join
            references_of_deals
            on references_of_deals.tenant_id = fills.tenant_id
            and references_of_deals.reference = fills.reference
        inner join
            deals
            on deals.deal_key = references_of_deals.deal_key
            and deals.instrument = fills.instrument
            and deals.side = fills.side
        where
            abs(
                {{
                    microseconds_between(
                        "deals.executed_at_utc", "fills.executed_at_utc"
                    )
                }}
            )
            <= limits.reference_seconds * 1000000
    ),

    -- without a reference: same instrument, side and volume, and each the other's
    -- nearest
    resembling as (
        select
            fills.fill_key,
            deals.deal_key,
            row_number() over (
                partition by fills.fill_key
                order by
                    abs(
                        {{
                            microseconds_between(
                                "deals.executed_at_utc", "fills.executed_at_utc"
                            )
                        }}
                    ),
                    deals.deal_key
            ) as place_of_deal,
            row_number() over (
                partition by deals.deal_key
                order by
                    abs(
                        {{
                            microseconds_between(
                                "deals.executed_at_utc", "fills.executed_at_utc"
                            )
                        }}
                    ),
                    fills.fill_key
            ) as place_of_fill
        from fills
        inner join limits on limits.clock_date = fills.clock_date
        inner join
            deals
            on deals.tenant_id = fills.tenant_id
            and deals.instrument = fills.instrument
            and deals.side = fills.side
            and deals.volume_units = fills.volume_units
        left join named as told on told.fill_key = fills.fill_key
        left join named as taken on taken.deal_key = deals.deal_key
        where
            told.fill_key is null
            and taken.deal_key is null
            and
            {{ microseconds_between("deals.executed_at_utc", "fills.executed_at_utc") }}
            between - limits.before_seconds * 1000000 and limits.after_seconds * 1000000
    ),

    matches as (
        select fill_key, deal_key, 'reference' as matched_by
        from named
        where place = 1
        union all
        select fill_key, deal_key, 'resemblance'
        from resembling
        where place_of_deal = 1 and place_of_fill = 1
    ),

    single_entities as (
        select tenant_id, legal_entity from {{ single_entities(hedged=true) }} as one
    ),

    -- the first fills of a deal hedge it, up to its volume; what comes on top hedges
    -- nothing
    joined as (
        select
            fills.tenant_id,
            fills.lp_id,
            fills.fill_key,
            coalesce(deals.server_id, fills.server_id) as server_id,
            coalesce(
                deals.legal_entity, single_entities.legal_entity, 'unmapped'
            ) as legal_entity,
            coalesce(deals.book, 'A') as book,
            coalesce(deals.desk, 'unmapped') as desk,
            coalesce(deals.business_date, fills.clock_date) as business_date,
            fills.clock_date,
            fills.executed_at_utc,
            fills.symbol,
            fills.instrument,
            fills.profit_currency,
            fills.side,
            {{ side_sign("fills.side") }} as direction,
            fills.volume_lots,
            fills.volume_units,
            fills.price,
            fills.commission_amount,
            fills.commission_currency,
            fills.raw_row_id,
            coalesce(matches.matched_by, 'none') as matched_by,
            deals.deal_key,
            deals.account_key,
            deals.client_key,
            deals.country,
            deals.symbol as deal_symbol,
            deals.executed_at_utc as deal_executed_at_utc,
            deals.price as client_price,
            deals.volume_units as deal_units,
            sum(fills.volume_units) over (
                partition by coalesce(deals.deal_key, fills.fill_key)
                order by fills.executed_at_utc, fills.fill_key
                rows between unbounded preceding and current row
            )
            - fills.volume_units as units_before
        from fills
        left join matches on matches.fill_key = fills.fill_key
        left join deals on deals.deal_key = matches.deal_key
        left join single_entities on single_entities.tenant_id = fills.tenant_id
    ),

    allocated as (
        select
            {%- for name in facts %} joined.{{ name }}, {%- endfor %}
            cast(
                case
                    when
                        joined.deal_key is null
                        or joined.units_before >= joined.deal_units
                    then 0
                    when joined.units_before + joined.volume_units <= joined.deal_units
                    then joined.volume_units
                    else joined.deal_units - joined.units_before
                end as decimal(24, 8)
            ) as matched_units,
            cast(
                joined.direction
                * (joined.client_price - joined.price) as decimal(24, 8)
            ) as price_difference
        from joined
    ),

    span as (
        select
            tenant_id, min(executed_at_utc) as first_at, max(executed_at_utc) as last_at
        from fills
        group by tenant_id
    ),

    quotes as (
        select
            quotes.tenant_id,
            quotes.symbol,
            quotes.quoted_at_utc,
            cast(quotes.bid_price as decimal(24, 8)) as bid_price,
            cast(quotes.ask_price as decimal(24, 8)) as ask_price,
            {{
                whole_quotient(
                    microseconds_between(
                        "timestamp '1970-01-01 00:00:00'", "quotes.quoted_at_utc"
                    ),
                    "60000000",
                )
            }} as minute
        from {{ ref("stg_reference__quotes") }} as quotes
        inner join span on span.tenant_id = quotes.tenant_id
        where
            quotes.quoted_at_utc >= {{ minutes_after("span.first_at", "-5") }}
            and quotes.quoted_at_utc <= {{ minutes_after("span.last_at", "10") }}
    ),

    quoted as (
        select tenant_id, instrument, symbol
        from {{ quoted_instruments("quotes") }} as chosen
    ),

    -- where the market stood when the client's deal was done, and some time after the
    -- fill
    moments as (
        {%- for seconds in horizons %}
            select
                allocated.fill_key,
                allocated.tenant_id,
                quoted.symbol,
                {{ seconds }} as horizon,
                {% if seconds == 0 -%}
                    coalesce(
                        allocated.deal_executed_at_utc, allocated.executed_at_utc
                    ) as at_utc,
                    limits.quote_seconds_1 as most_seconds
                {%- else -%}
                    {{ seconds_after("allocated.executed_at_utc", seconds) }} as at_utc,
                    limits.quote_seconds_{{ seconds }} as most_seconds
                {%- endif %}
            from allocated
            inner join limits on limits.clock_date = allocated.clock_date
            inner join
                quoted
                on quoted.tenant_id = allocated.tenant_id
                and quoted.instrument = allocated.instrument
                {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    -- a quote of this minute or the one before it: no tolerance is longer than a minute
    asked as (
        select
            moments.fill_key,
            moments.tenant_id,
            moments.symbol,
            moments.horizon,
            moments.at_utc,
            moments.most_seconds,
            {{
                whole_quotient(
                    microseconds_between(
                        "timestamp '1970-01-01 00:00:00'", "moments.at_utc"
                    ),
                    "60000000",
                )
            }} - back.minutes as minute
        from moments
        cross join
            (
                select 0 as minutes
                union all
                select 1
            ) as back
    ),

    seen as (
        select
            asked.fill_key,
            asked.horizon,
            max_by(quotes.bid_price, quotes.quoted_at_utc) as bid_price,
            max_by(quotes.ask_price, quotes.quoted_at_utc) as ask_price
        from asked
        inner join
            quotes
            on quotes.tenant_id = asked.tenant_id
            and quotes.symbol = asked.symbol
            and quotes.minute = asked.minute
        where
            {{ microseconds_between("quotes.quoted_at_utc", "asked.at_utc") }}
            between 0 and asked.most_seconds * 1000000
        group by asked.fill_key, asked.horizon
    ),

    markets as (
        select
            fill_key,
            max(case horizon when 0 then bid_price end) as bid_price,
            max(case horizon when 0 then ask_price end) as ask_price
            {%- for seconds in horizons if seconds %}
                ,
                max(
                    case
                        horizon
                        when {{ seconds }}
                        then {{ ratio("bid_price + ask_price", "2") }}
                    end
                ) as mid_{{ seconds }}
            {%- endfor %},
            count(*) as quote_count
        from seen
        group by fill_key
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    priced as (
        select
            {%- for name in facts %} allocated.{{ name }}, {%- endfor %}
            allocated.matched_units,
            allocated.price_difference,
            case
                allocated.side when 'sell' then markets.bid_price else markets.ask_price
            end as market_price,
            {%- for seconds in horizons if seconds %}
                markets.mid_{{ seconds }},
            {%- endfor %}
            coalesce(markets.quote_count, 0) as quote_count,
            cast(
                allocated.matched_units
                * coalesce(allocated.price_difference, 0) as decimal(38, 8)
            ) as mark_up_amount
        from allocated
        left join markets on markets.fill_key = allocated.fill_key
    )

select
    priced.tenant_id,
    priced.lp_id,
    priced.fill_key,
    priced.server_id,
    priced.legal_entity,
    priced.book,
    priced.desk,
    priced.business_date,
    priced.clock_date,
    priced.executed_at_utc,
    priced.symbol,
    priced.instrument,
    priced.profit_currency,
    priced.side,
    priced.volume_lots,
    priced.volume_units,
    priced.price,
    priced.matched_by,
    priced.deal_key,
    priced.account_key,
    priced.client_key,
    priced.country,
    priced.deal_symbol,
    priced.deal_executed_at_utc,
    priced.client_price,
    priced.matched_units,
    cast(priced.volume_units - priced.matched_units as decimal(24, 8)) as excess_units,
    cast(
        {{
            whole_quotient(
                microseconds_between(
                    "priced.deal_executed_at_utc", "priced.executed_at_utc"
                ),
                "1000",
            )
        }} as bigint
    ) as delay_ms,
    priced.price_difference,
    priced.mark_up_amount,
    case
        when priced.mark_up_amount = 0
        then cast(0 as decimal(38, 8))
        else {{ to_reporting("priced.mark_up_amount", "fx", "1") }}
    end as mark_up_reporting,
    priced.commission_amount,
    priced.commission_currency,
    case
        when priced.commission_amount = 0
        then cast(0 as decimal(38, 8))
        else {{ to_reporting("priced.commission_amount", "commission_fx", "1") }}
    end as commission_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency,
    cast(
        priced.direction * (priced.client_price - priced.market_price) as decimal(24, 8)
    ) as client_slippage_price,
    cast(
        priced.direction * (priced.price - priced.market_price) as decimal(24, 8)
    ) as lp_slippage_price,
    {%- for seconds in horizons if seconds %}
        cast(
            priced.direction
            * (priced.mid_{{ seconds }} - priced.price) as decimal(24, 8)
        ) as mark_out_{{ seconds }}s_price,
    {%- endfor %}
    cast(
        {{ horizons | length }} - priced.quote_count as integer
    ) as missing_quote_count,
    priced.raw_row_id
from priced
left join
    fx
    on fx.business_date = priced.business_date
    and fx.currency = priced.profit_currency
left join
    fx as commission_fx
    on commission_fx.business_date = priced.business_date
    and commission_fx.currency = priced.commission_currency
order by priced.business_date, priced.fill_key
