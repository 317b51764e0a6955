{#- An exact amount rounded once, half away from zero, to a number of decimals: DECIMAL(24,8). -#}
{% macro rounded_to(amount, digits) -%}
    case
        {{ digits }}
        {%- for places in range(8) %}
            when {{ places }}
            then cast(cast({{ amount }} as decimal(38, {{ places }})) as decimal(24, 8))
        {%- endfor %}
        else cast({{ amount }} as decimal(24, 8))
    end
{%- endmacro %}


{#-
    Nights of swap of all days before a day, counted from a Monday of 1970: one a weekday, three on the
    weekday of the triple swap (1 is Monday), none at a weekend.
-#}
{% macro swap_nights_before(day, triple_weekday) -%}
    {%- set days = days_between("date '1970-01-05'", day) -%}
    (
        5 * {{ whole_quotient(days, "7") }}
        + least({{ days }} % 7, 5)
        + 2 * {{ whole_quotient("(" ~ days ~ " + 7 - " ~ triple_weekday ~ ")", "7") }}
    )
{%- endmacro %}


{#-
    The last closing quote of each symbol at each day of a relation of tenant_id and business_date. A
    quote is carried forward as far as a rate is.
-#}
{% macro closing_marks(days) -%}
    (
        select
            quotes.tenant_id,
            quotes.symbol,
            days.business_date,
            cast(
                max_by(quotes.bid_price, quotes.quoted_at) as decimal(24, 8)
            ) as bid_price,
            cast(
                max_by(quotes.ask_price, quotes.quoted_at) as decimal(24, 8)
            ) as ask_price
        from {{ ref("stg_reference__quotes") }} as quotes
        cross join
            (
                {%- for age in range(var("fx_max_age_days") + 1) %}
                    select {{ age }} as days {{ "union all" if not loop.last }}
                {%- endfor %}
            ) as ages
        inner join
            {{ days }} as days
            on days.tenant_id = quotes.tenant_id
            and days.business_date
            = {{ days_after("cast(quotes.quoted_at as date)", "ages.days") }}
        where quotes.quote_kind = 'closing'
        group by quotes.tenant_id, quotes.symbol, days.business_date
    )
{%- endmacro %}


{#-
    What one unit of a currency is in another by the closing quotes: the middle of the pair's quote or
    one divided by it, to eight decimals; the pair itself (step 0) before its inverse (step 1). `marks`
    is closing_marks.
-#}
{% macro conversion_rates(marks) -%}
    (
        {%- for is_direct in [true, false] %}
            select
                marks.tenant_id,
                marks.business_date,
                {{ 0 if is_direct else 1 }} as step,
                {{ "base" if is_direct else "quote" }}.currency as from_currency,
                {{ "quote" if is_direct else "base" }}.currency as to_currency,
                {%- if is_direct %}
                    cast(
                        (marks.bid_price + marks.ask_price)
                        * cast(0.5 as decimal(2, 1)) as decimal(24, 8)
                    ) as rate
                {%- else %}
                    {{ ratio("2", "(marks.bid_price + marks.ask_price)") }} as rate
                {%- endif %}
            from {{ marks }} as marks
            inner join
                {{ ref("ref_currencies") }} as base
                on base.currency = substring(marks.symbol, 1, 3)
            inner join
                {{ ref("ref_currencies") }} as quote
                on quote.currency = substring(marks.symbol, 4, 3)
            where length(marks.symbol) = 6 {{ "union all" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
