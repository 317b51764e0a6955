{#- How many decimals a payment provider counts each currency in: ISO 4217 unless it differs. -#}
{% macro psp_currencies(psp) -%}
    (
        select
            iso.currency,
            coalesce(differing.minor_units, iso.minor_units) as minor_units
        from {{ ref("ref_currencies") }} as iso
        left join
            {{ ref("ref_psp_minor_units") }} as differing
            on differing.currency = iso.currency
            and differing.psp = '{{ psp }}'
    )
{%- endmacro %}


{#- Whole minor units as an amount; NULL where nobody says how many decimals the currency has. -#}
{% macro from_minor_units(amount, digits) -%}
    case
        when {{ digits }} is not null
        then cast({{ amount }} * {{ minor_unit(digits) }} as decimal(24, 8))
    end
{%- endmacro %}
