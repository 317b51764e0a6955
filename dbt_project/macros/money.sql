{#-
    A platform's double as DECIMAL(24,8), rounded to the digits it was meant to have.

    1.1403699999999999 at 5 digits is 1.14037. Through eight decimals first: the double next to
    0.285 lies below it, and two decimals straight from it would give 0.28. Amounts below a billion
    go through 18 digits, which fit a machine word: sixteen times faster than 24.
-#}
{% macro platform_money(amount, digits) -%}
    case
        when abs({{ amount }}) < 1000000000
        then {{ rounded_decimal(amount, digits, 18) }}
        else {{ rounded_decimal(amount, digits, 24) }}
    end
{%- endmacro %}


{% macro rounded_decimal(amount, digits, width) -%}
    cast(
        case
            {{ digits }}
            {%- for places in range(8) %}
                when {{ places }}
                then
                    cast(
                        cast(
                            cast({{ amount }} as decimal({{ width }}, 8)) as decimal(
                                {{ width }}, {{ places }}
                            )
                        ) as decimal({{ width }}, 8)
                    )
            {%- endfor %}
            else cast({{ amount }} as decimal({{ width }}, 8))
        end as decimal(24, 8)
    )
{%- endmacro %}


{#- One minor unit of a currency of that many digits: 0.01 for 2, 1 for 0. -#}
{% macro minor_unit(digits) -%}
    case
        {{ digits }}
        when 0
        then cast(1 as decimal(24, 8))
        when 1
        then cast(0.1 as decimal(24, 8))
        when 2
        then cast(0.01 as decimal(24, 8))
        when 3
        then cast(0.001 as decimal(24, 8))
        when 4
        then cast(0.0001 as decimal(24, 8))
        when 5
        then cast(0.00001 as decimal(24, 8))
        when 6
        then cast(0.000001 as decimal(24, 8))
        when 7
        then cast(0.0000001 as decimal(24, 8))
        else cast(0.00000001 as decimal(24, 8))
    end
{%- endmacro %}


{#- An amount stated as a whole number of 10^-digits, as DECIMAL(24,8). -#}
{% macro scaled_amount(amount, digits) -%}
    {{ product([amount, minor_unit(digits)]) }}
{%- endmacro %}


{#-
    An amount in account currency as reporting currency, unrounded. `fx` is an alias of
    can_fx_to_reporting joined on the account's main currency; `divisor` the account's
    money_divisor: money of a cent account is stated in hundredths. NULL where no rate is known.
-#}
{% macro to_reporting(amount, fx, divisor) -%}
    case
        {{ divisor }}
        when 100
        then {{ product([amount, fx ~ ".rate", "cast(0.01 as decimal(3, 2))"], 38) }}
        else {{ product([amount, fx ~ ".rate"], 38) }}
    end
{%- endmacro %}
