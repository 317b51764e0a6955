{#-
    MetaTrader 4 says in a trade's comment what has no column of its own: partial closes, stop loss
    and take profit, the CRM's request. The comment has 31 characters and is cut there without a
    word; a number that ends with a full comment may have lost digits and is not read.
-#}
{% macro mt4_comment_is_full(comment) -%} {{ bytes_of(comment) }} >= 31 {%- endmacro %}


{#- The number after ``from #`` or ``to #``: the ticket this one was split from, or went on as. -#}
{% macro mt4_ticket_in(comment, direction) -%}
    case
        when
            not (
                {{ mt4_comment_is_full(comment) }}
                and regexp_extract({{ comment }}, '{{ direction }} #([0-9]+)$', 1) <> ''
            )
        then
            cast(
                nullif(
                    regexp_extract(
                        {{ comment }}, '(^|[^a-zA-Z]){{ direction }} #([0-9]+)', 2
                    ),
                    ''
                ) as bigint
            )
    end
{%- endmacro %}


{% macro mt4_close_reason(comment) -%}
    case
        when {{ comment }} like '%[sl]%'
        then 'stop_loss'
        when {{ comment }} like '%[tp]%'
        then 'take_profit'
        when {{ comment }} like 'so:%' or {{ comment }} like '% so:%'
        then 'stop_out'
        when {{ comment }} like '%cancelled%'
        then 'cancelled'
    end
{%- endmacro %}


{#- The CRM's number of the deposit or withdrawal request behind a balance operation. -#}
{% macro mt4_crm_request_id(comment) -%}
    case
        when
            not (
                {{ mt4_comment_is_full(comment) }}
                and regexp_extract({{ comment }}, '^CRM-[DW]-([0-9A-Za-z]+)$', 1) <> ''
            )
        then nullif(regexp_extract({{ comment }}, '^CRM-[DW]-([0-9A-Za-z]+)', 1), '')
    end
{%- endmacro %}


{#- Swap that the CRM posts as a balance operation: it is not in SWAPS. -#}
{% macro mt4_is_swap_posting(comment) -%}
    regexp_extract({{ comment }}, '^CRM-S-([0-9,]+)Swap', 1) <> ''
{%- endmacro %}


{% macro mt4_is_internal_transfer(comment, prefix) -%}
    {{ matches_pattern(comment, "coalesce(" ~ prefix ~ ", 'IT') || ' %'") }}
{%- endmacro %}


{% macro mt4_command(code) -%}
    case
        {{ code }}
        when 0
        then 'buy'
        when 1
        then 'sell'
        when 2
        then 'buy limit'
        when 3
        then 'sell limit'
        when 4
        then 'buy stop'
        when 5
        then 'sell stop'
        when 6
        then 'balance'
        when 7
        then 'credit'
        else 'unknown'
    end
{%- endmacro %}
