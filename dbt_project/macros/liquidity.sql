{#-
    The server whose clock and business day a tenant's liquidity providers and payment providers are
    booked by: the first one, by name, that has an A- or C-book group; else the first one.
-#}
{% macro clock_servers() -%}
    (
        select
            known.tenant_id,
            min_by(
                known.server_id,
                case when hedged.server_id is null then '1' else '0' end
                || known.server_id
            ) as server_id
        from {{ source("meta", "servers") }} as known
        left join
            (
                select distinct tenant_id, server_id
                from {{ ref("stg_broker__groups") }}
                where book in ('A', 'C') and not is_excluded
            ) as hedged
            on hedged.tenant_id = known.tenant_id
            and hedged.server_id = known.server_id
        group by known.tenant_id
    )
{%- endmacro %}


{#-
    For every hour in a relation of tenant_id and utc_hour: the tenant's clock server, and how many
    minutes its business day is ahead of UTC. Hours, because a zone's rules are slow to ask for
    every row.
-#}
{% macro business_hours(hours) -%}
    (
        select
            hours.tenant_id,
            hours.utc_hour,
            clock.server_id,
            case
                when servers.clock_zone <> ''
                then
                    {{
                        minutes_between(
                            "hours.utc_hour",
                            utc_to_server_time(
                                "hours.utc_hour",
                                "servers.clock_zone",
                                "servers.clock_shift_minutes",
                            ),
                        )
                    }}
                else coalesce(servers.time_zone_minutes, 0)
            end
            + 1439
            - coalesce(servers.end_of_day_minutes, 1439) as ahead_minutes
        from {{ hours }} as hours
        inner join {{ clock_servers() }} as clock on clock.tenant_id = hours.tenant_id
        inner join
            {{ source("meta", "servers") }} as servers
            on servers.tenant_id = clock.tenant_id
            and servers.server_id = clock.server_id
    )
{%- endmacro %}


{#- A name without what separates its parts, in capitals: EUR/USD is EURUSD. -#}
{% macro plain_symbol(symbol) -%}
    {{ instrument_name("replace(replace(" ~ symbol ~ ", '/', ''), ' ', '')") }}
{%- endmacro %}


{#-
    Fills that no longer stand go, and those whose symbol is another instrument by now; a raw row
    never changes, so nothing else about them can.
-#}
{% macro delete_fallen_fills() -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            raw_row_id not in (
                select verdicts.raw_row_id
                from {{ ref("stg_lp__fill_verdicts") }} as verdicts
                where verdicts.fill_status = 'standing'
            )
            or (tenant_id, symbol, instrument) not in (
                select (named.tenant_id, named.symbol, named.instrument)
                from {{ provider_instruments(this) }} as named
            )
    {% endif %}
{%- endmacro %}


{#-
    The first raw row of a fill that stands and is not held, as a literal: what the fills before it
    would come to is not even computed.
-#}
{% macro first_fill_not_held() -%}
    {%- set query -%}
        select min(verdicts.raw_row_id)
        from {{ ref("stg_lp__fill_verdicts") }} as verdicts
        left join {{ this }} as held on held.raw_row_id = verdicts.raw_row_id
        where verdicts.fill_status = 'standing' and held.raw_row_id is null
    {%- endset -%}
    {%- if not (execute and is_incremental()) -%} {{ return(0) }} {%- endif -%}
    {{ return(run_query(query).rows[0][0] or 9223372036854775807) }}
{%- endmacro %}


{#-
    The days of a tenant that newly loaded quotes are about, with the days around them: a quote is
    told in UTC, a day by a server's clock.
-#}
{% macro newly_quoted_days() -%}
    (
        select distinct
            quotes._tenant_id as tenant_id,
            {{ days_after("cast(quotes.quoted_at_utc as date)", "around.days") }}
            as business_date
        from {{ source("raw", "reference_quotes") }} as quotes
        cross join
            (
                select -1 as days
                union all
                select 0
                union all
                select 1
            ) as around
        where {{ is_new_load("quotes._load_id") }}
    )
{%- endmacro %}


{#-
    The days, by the fills' own clock, whose matches may change: fills that began or ceased to
    stand, deals, rates or quotes that changed, and the days around those, since a deal and its fill
    may lie on both sides of midnight.
-#}
{% macro lp_fill_days() -%}
    (
        select new.tenant_id, new.business_date as clock_date
        from {{ ref("can_lp_fills") }} as new
        where new.raw_row_id not in (select held.raw_row_id from {{ this }} as held)
        union
        select held.tenant_id, held.clock_date
        from {{ this }} as held
        where
            held.raw_row_id
            not in (select kept.raw_row_id from {{ ref("can_lp_fills") }} as kept)
        union
        select
            touched.tenant_id, {{ days_after("touched.business_date", "around.days") }}
        from {{ touched_reporting_days() }} as touched
        cross join
            (
                select -1 as days
                union all
                select 0
                union all
                select 1
            ) as around
        union
        select quoted.tenant_id, quoted.business_date
        from {{ newly_quoted_days() }} as quoted
    )
{%- endmacro %}


{% macro delete_clock_days(days) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            (tenant_id, clock_date)
            in (select (tenant_id, clock_date) from {{ days }} as changed)
    {% endif %}
{%- endmacro %}


{#- +1 for what is bought, -1 for what is sold. -#}
{% macro side_sign(side) -%}
    case {{ side }} when 'sell' then -1 else 1 end
{%- endmacro %}


{#-
    Which symbol's quotes stand for an instrument: the one named as the instrument, else the first
    by name. `quotes` is a relation of tenant_id and symbol.
-#}
{% macro quoted_instruments(quotes) -%}
    (
        select
            named.tenant_id,
            named.instrument,
            min_by(
                named.symbol,
                case when named.symbol = named.instrument then '0' else '1' end
                || named.symbol
            ) as symbol
        from
            (
                select distinct
                    quotes.tenant_id,
                    quotes.symbol,
                    coalesce(
                        instruments.instrument, {{ plain_symbol("quotes.symbol") }}
                    ) as instrument
                from {{ quotes }} as quotes
                left join
                    {{ ref("can_instruments") }} as instruments
                    on instruments.tenant_id = quotes.tenant_id
                    and instruments.symbol = quotes.symbol
            ) as named
        group by named.tenant_id, named.instrument
    )
{%- endmacro %}


{#- Days of a tenant whose closing prices may change. -#}
{% macro marked_days() -%}
    (
        select tenant_id, business_date
        from {{ touched_days() }} as touched
        union
        select tenant_id, business_date
        from {{ newly_quoted_days() }} as quoted
        union
        -- which symbol's quotes stand for an instrument
        select closes.tenant_id, closes.business_date
        from {{ ref("int_server_closes") }} as closes
        inner join
            {{ ref("can_instruments") }} as symbols
            on symbols.tenant_id = closes.tenant_id
        where symbols.remapped_build_id > {{ last_done_build() }}
    )
{%- endmacro %}


{% macro delete_tenant_days(days) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            (tenant_id, business_date)
            in (select (tenant_id, business_date) from {{ days }} as changed)
    {% endif %}
{%- endmacro %}


{#-
    Days of a tenant whose hedging flows change: those whose deals changed, and those whose fills
    no longer come to what is held.
-#}
{% macro hedging_days() -%}
    (
        select tenant_id, business_date
        from {{ restated_days() }} as restated
        union
        select compared.tenant_id, compared.business_date
        from
            (
                select
                    tenant_id,
                    business_date,
                    1 as fill_count,
                    volume_units,
                    matched_units,
                    price,
                    mark_up_amount
                from {{ ref("fct_lp_fills") }}
                union all
                select
                    tenant_id,
                    business_date,
                    - fill_count,
                    - fill_units,
                    - matched_units,
                    - fill_prices_sum,
                    - mark_up_amount
                from {{ this }}
                where lp_id <> ''
            ) as compared
        group by compared.tenant_id, compared.business_date
        having
            sum(compared.fill_count) <> 0
            or sum(compared.volume_units) <> 0
            or sum(compared.matched_units) <> 0
            or sum(compared.price) <> 0
            or sum(compared.mark_up_amount) <> 0
    )
{%- endmacro %}


{#-
    The broker's own instrument for each name a provider uses: the same name, or another of its
    family (SPX500 is US500 where the broker offers that). `names` is a relation of tenant_id and
    symbol.
-#}
{% macro provider_instruments(names) -%}
    (
        select
            plain.tenant_id,
            plain.symbol,
            coalesce(
                max(own.instrument), max(related.instrument), max(plain.name)
            ) as instrument
        from
            (
                select distinct
                    told.tenant_id,
                    told.symbol,
                    {{ plain_symbol("told.symbol") }} as name
                from {{ names }} as told
            ) as plain
        left join
            {{ ref("can_instruments") }} as own
            on own.tenant_id = plain.tenant_id
            and own.instrument = plain.name
        left join
            {{ ref("ref_instrument_synonyms") }} as theirs on theirs.name = plain.name
        left join
            {{ ref("ref_instrument_synonyms") }} as ours on ours.family = theirs.family
        left join
            {{ ref("can_instruments") }} as related
            on related.tenant_id = plain.tenant_id
            and related.instrument = ours.name
        group by plain.tenant_id, plain.symbol
    )
{%- endmacro %}


{#-
    A tenant's only legal entity, or the only one of its hedged groups; no row where they name
    several.
-#}
{% macro single_entities(hedged=false) -%}
    (
        select tenant_id, max(legal_entity) as legal_entity
        from {{ ref("stg_broker__groups") }}
        where not is_excluded {{ "and book in ('A', 'C')" if hedged }}
        group by tenant_id
        having count(distinct legal_entity) = 1
    )
{%- endmacro %}


{#-
    LEFT JOIN to the book, legal entity and desk that an account belonged to on a day, as `books`.
    `row` is an alias with tenant_id, server_id, login and business_date.
-#}
{% macro join_books(row) -%}
    left join
        {{ ref("can_account_books") }} as books
        on books.tenant_id = {{ row }}.tenant_id
        and books.server_id = {{ row }}.server_id
        and books.login = {{ row }}.login
        and {{ effective("books", row ~ ".business_date") }}
{%- endmacro %}
