{#-
    Lots from MT5's two volume columns: 1 lot is 100,000,000 in the extended one, which counts when
    it is filled, and 10,000 in the other.
-#}
{% macro lots(volume_ext, volume) -%}
    cast(
        case
            when coalesce({{ volume_ext }}, 0) <> 0
            then
                cast({{ volume_ext }} as decimal(24, 0))
                * cast(0.00000001 as decimal(8, 8))
            else
                cast(coalesce({{ volume }}, 0) as decimal(24, 0))
                * cast(0.0001 as decimal(8, 8))
        end as decimal(24, 8)
    )
{%- endmacro %}


{#- Units from cTrader's volumes, which are cents of a unit: 10,000,000 is 100,000 units. -#}
{% macro units_of_cents(volume) -%}
    cast(
        cast({{ volume }} as decimal(24, 0))
        * cast(0.01 as decimal(8, 8)) as decimal(24, 8)
    )
{%- endmacro %}
