{#-
    The first business day whose identities of the commission ledger a build may have changed, as a
    literal: days whose commission is priced again, and those that it booked.
-#}
{% macro first_partner_day() -%}
    {%- set query -%}
        select cast(min(changed.business_date) as varchar)
        from (
            select business_date
            from {{ ref("int_partners__days_touched") }}
            union all
            select business_date
            from {{ ref("fct_commission_ledger") }}
            where build_id > {{ last_done_build() }}
        ) as changed
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}


{#- Those of copy fees are few and go by the whole of an account: they are counted anew each time. -#}
{% macro delete_partner_identities() -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            business_date is null
            or business_date >= {{ first_partner_day() }}
            or identity_id in (
                'copy_fees_charged_are_due',
                'copy_fees_hold_every_charge',
                'copy_fee_parts_are_the_ledgers'
            )
    {% endif %}
{%- endmacro %}
