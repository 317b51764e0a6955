{#- mt5_deals as we name it; shared by the rows as they stand and the versions they replaced. -#}
{% macro mt5_deal_columns(deals) -%}
    {%- set clock = microseconds_between(
        filetime_to_timestamp(deals ~ '."timestamp"'),
        "coalesce(" ~ deals ~ ".time_msc, " ~ deals ~ ".time)"
    ) -%}
    {{ deals }}._tenant_id as tenant_id,
    {{ deals }}._source as server_id,
    {{ deals }}.deal as deal_id,
    {{ deals }}.login,
    {{ deals }}."order" as order_id,
    {{ deals }}.position_id,
    {{ deals }}.action as action_code,
    {{ deals }}.entry as entry_code,
    {{ deals }}.reason as reason_code,
    {{ deals }}._business_date as business_date,
    coalesce({{ deals }}.time_msc, {{ deals }}.time) as executed_at_server,
    {{ filetime_to_timestamp(deals ~ '."timestamp"') }} as changed_at_utc,
    {{ measured_utc_offset(clock, deals ~ ".modify_flags") }} as utc_offset_minutes,
    coalesce({{ deals }}.modify_flags, 0) <> 0 as is_modified,
    coalesce({{ deals }}.symbol, '') as symbol,
    cast({{ deals }}.digits_currency as integer) as currency_digits,
    {{ platform_money(deals ~ ".price", deals ~ ".digits") }} as price,
    {{ platform_money(deals ~ ".price_position", deals ~ ".digits") }} as position_price,
    cast({{ deals }}.contract_size as decimal(24, 8)) as contract_size,
    {{ lots(deals ~ ".volume_ext", deals ~ ".volume") }} as volume_lots,
    {{ lots(deals ~ ".volume_closed_ext", deals ~ ".volume_closed") }} as volume_closed_lots,
    {{ platform_money(deals ~ ".profit", deals ~ ".digits_currency") }} as profit_amount,
    {{ platform_money("coalesce(" ~ deals ~ ".storage, 0)", deals ~ ".digits_currency") }}
    as storage_amount,
    {{ platform_money("coalesce(" ~ deals ~ ".commission, 0)", deals ~ ".digits_currency") }}
    as commission_amount,
    {{ platform_money("coalesce(" ~ deals ~ ".fee, 0)", deals ~ ".digits_currency") }} as fee_amount,
    cast({{ deals }}.profit_raw as decimal(24, 8)) as raw_profit,
    cast({{ deals }}.rate_profit as decimal(24, 12)) as profit_rate,
    coalesce({{ deals }}.comment, '') as comment,
    {{ deals }}._row_id as raw_row_id,
    {{ deals }}._load_id as load_id
{%- endmacro %}


{#-
    Lots from MT5's two volume columns: 1 lot is 100,000,000 in the extended one, which counts when
    it is filled, and 10,000 in the other.
-#}
{% macro lots(volume_ext, volume) -%}
    cast(
        case
            when coalesce({{ volume_ext }}, 0) <> 0
            then cast({{ volume_ext }} as decimal(24, 0)) * cast(0.00000001 as decimal(8, 8))
            else cast(coalesce({{ volume }}, 0) as decimal(24, 0)) * cast(0.0001 as decimal(8, 8))
        end as decimal(24, 8)
    )
{%- endmacro %}


{#-
    What the server's clock was ahead of UTC, in minutes, measured on a row nobody modified: its
    change marker is the UTC instant of the event. A marker that was set later (a late deal) does
    not lie within a second of a multiple of 15 minutes, or not within 14 hours: NULL.
-#}
{% macro measured_utc_offset(microseconds, modify_flags) -%}
    case
        when
            coalesce({{ modify_flags }}, 0) = 0
            and abs({{ microseconds }}) <= 50401000000
            and abs({{ microseconds }} - cast(round({{ microseconds }} / 900000000.0) as bigint) * 900000000)
            <= 1000000
        then cast(round({{ microseconds }} / 900000000.0) as integer) * 15
    end
{%- endmacro %}
