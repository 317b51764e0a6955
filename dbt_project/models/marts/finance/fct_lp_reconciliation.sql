{%- set keys = [
    "tenant_id",
    "server_id",
    "legal_entity",
    "book",
    "desk",
    "instrument",
    "lp_id",
] -%}
{%- set sums = [
    "deal_count",
    "open_deal_count",
    "client_units",
    "unhedged_units",
    "client_signed_units",
    "client_value_amount",
    "fill_count",
    "unmatched_fill_count",
    "fill_units",
    "matched_units",
    "fill_signed_units",
    "fill_value_amount",
    "mark_up_amount",
] -%}
{%- set key = keys | join(", ") -%}
{%- set by_key = "(partition by " ~ key ~ " order by business_date)" -%}

with

    flows as (
        select {{ key }}, business_date, {{ sums | join(", ") }}
        from {{ ref("int_liquidity__flows_summed") }}
    ),

    marks as (
        select tenant_id, instrument, business_date, mark_price
        from {{ ref("int_liquidity__closes_marked") }}
    ),

    firsts as (
        select {{ key }}, min(business_date) as first_date from flows group by {{ key }}
    ),

    -- a day has a row if something flowed, or if what is held can be valued
    days as (
        select {{ key }}, business_date
        from flows
        union
        select
            {%- for name in keys %} firsts.{{ name }}, {%- endfor %} marks.business_date
        from firsts
        inner join
            marks
            on marks.tenant_id = firsts.tenant_id
            and marks.instrument = firsts.instrument
            and marks.business_date >= firsts.first_date
    ),

    filled as (
        select
            {%- for name in keys %} days.{{ name }}, {%- endfor %}
            days.business_date,
            {%- for name in sums %}
                coalesce(flows.{{ name }}, 0) as {{ name }},
            {%- endfor %}
            marks.mark_price
        from days
        left join
            flows on flows.business_date = days.business_date
            {%- for name in keys %} and flows.{{ name }} = days.{{ name }} {%- endfor %}
        left join
            marks
            on marks.tenant_id = days.tenant_id
            and marks.instrument = days.instrument
            and marks.business_date = days.business_date
    ),

    rolled as (
        select
            {{ key }},
            business_date,
            {{ sums | join(", ") }},
            mark_price,
            cast(
                sum(fill_signed_units) over {{ by_key }} as decimal(38, 8)
            ) as lp_position_units,
            cast(
                sum(client_signed_units - fill_signed_units) over {{ by_key }}
                as decimal(38, 8)
            ) as exposure_units,
            cast(
                sum(- fill_value_amount) over {{ by_key }} as decimal(38, 8)
            ) as lp_cash_amount,
            cast(
                sum(
                    client_value_amount - fill_value_amount - mark_up_amount
                ) over {{ by_key }} as decimal(38, 8)
            ) as taken_amount
        from filled
    ),

    -- what came in so far and what is held at the mark; a flat position needs none
    valued as (
        select
            {{ key }},
            business_date,
            {{ sums | join(", ") }},
            mark_price,
            lp_position_units,
            exposure_units,
            mark_price is not null
            or (lp_position_units = 0 and exposure_units = 0) as is_marked,
            cast(
                lp_cash_amount
                + lp_position_units * coalesce(mark_price, 0) as decimal(38, 8)
            ) as lp_result_to_date,
            cast(
                taken_amount
                - exposure_units * coalesce(mark_price, 0) as decimal(38, 8)
            ) as residual_to_date
        from rolled
    ),

    -- from one day that could be valued to the next: what happened between them is in
    -- it
    results as (
        select
            {{ key }},
            business_date,
            cast(
                lp_result_to_date
                - lag(lp_result_to_date, 1, 0) over {{ by_key }} as decimal(38, 8)
            ) as lp_result_amount,
            cast(
                residual_to_date
                - lag(residual_to_date, 1, 0) over {{ by_key }} as decimal(38, 8)
            ) as hedge_residual_amount
        from valued
        where is_marked
    ),

    currencies as (
        select tenant_id, instrument, max(profit_currency) as profit_currency
        from {{ ref("can_instruments") }}
        group by tenant_id, instrument
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }})

select
    {%- for name in keys %} valued.{{ name }}, {%- endfor %}
    valued.business_date,
    currencies.profit_currency,
    {%- for name in sums %} valued.{{ name }}, {%- endfor %}
    valued.mark_price,
    valued.is_marked,
    valued.lp_position_units,
    valued.exposure_units,
    results.lp_result_amount,
    results.hedge_residual_amount,
    case
        when results.lp_result_amount = 0
        then cast(0 as decimal(38, 8))
        else {{ to_reporting("results.lp_result_amount", "fx", "1") }}
    end as lp_result_reporting,
    case
        when results.hedge_residual_amount = 0
        then cast(0 as decimal(38, 8))
        else {{ to_reporting("results.hedge_residual_amount", "fx", "1") }}
    end as hedge_residual_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from valued
left join
    results on results.business_date = valued.business_date
    {%- for name in keys %} and results.{{ name }} = valued.{{ name }} {%- endfor %}
left join
    currencies
    on currencies.tenant_id = valued.tenant_id
    and currencies.instrument = valued.instrument
left join
    fx
    on fx.business_date = valued.business_date
    and fx.currency = currencies.profit_currency
where
    valued.deal_count > 0
    or valued.fill_count > 0
    or valued.lp_position_units <> 0
    or valued.exposure_units <> 0
    or results.lp_result_amount <> 0
    or results.hedge_residual_amount <> 0
