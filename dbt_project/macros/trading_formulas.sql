{#-
    The exact formulas behind what a client is paid or charged. Amounts come in the profit currency
    (the one the price is quoted in); positive is money to the client. They take any numeric type: the
    caller chooses between DECIMAL and the platform's own doubles.
-#}
{#- The result of a position: price difference times units. `side` is the position's, buy or sell. -#}
{% macro price_profit(side, open_price, close_price, units) -%}
    (
        ({{ close_price }} - {{ open_price }})
        * case {{ side }} when 'sell' then -1 else 1 end
        * {{ units }}
    )
{%- endmacro %}


{#-
    Swap in points: points a night, each worth the symbol's point size (0.001 at 3 digits, not a pip),
    on the units held. Wednesdays often count for three nights.
-#}
{% macro swap_in_points(points, point_size, units, nights="1") -%}
    ({{ points }} * {{ point_size }} * {{ units }} * {{ nights }})
{%- endmacro %}


{#-
    Swap as annual interest, in percent, on the value of the units at a price; a bank's year has 360
    days.
-#}
{% macro swap_as_interest(annual_pct, units, price, nights="1", year_days="360") -%}
    {{
        ratio(
            "(" ~ annual_pct ~ " * " ~ units ~ " * " ~ price ~ " * " ~ nights ~ ")",
            "(100 * " ~ year_days ~ ")",
        )
    }}
{%- endmacro %}


{#- A commission of so much a unit: lots at an amount each, or commission paid at a share of it. -#}
{% macro accrued_commission(quantity, rate) -%}
    {{
        product(
            [
                "cast(" ~ quantity ~ " as decimal(24, 8))",
                "cast(" ~ rate ~ " as decimal(24, 12))",
            ]
        )
    }}
{%- endmacro %}


{#- What a balance closes with: what it opened with and everything that moved it. -#}
{% macro rolled_forward(opening, components) -%}
    ({{ opening }} + {{ components | join(" + ") }})
{%- endmacro %}


{#- Equity: balance, credit and the floating result, accrued swap included. -#}
{% macro equity(balance, credit, floating_pnl, floating_swap="0") -%}
    ({{ balance }} + {{ credit }} + {{ floating_pnl }} + {{ floating_swap }})
{%- endmacro %}


{#-
    The amount that a balance or equity must not fall below: where it started, less the part of a
    base that may be lost. A challenge loses 5 % of 100,000 from a day's start of 105,000: 100,000.
-#}
{% macro loss_floor(start, base, rate) -%}
    cast(({{ start }} - {{ base }} * {{ rate }}) as decimal(38, 8))
{%- endmacro %}
