{#-
    What a deal is to the books. `deal` is an alias of a mt5 deals staging model, `action` of
    ref_mt5_deal_actions, `server` of meta.servers.
-#}
{% macro deal_component(deal, action, server) -%}
    case
        when {{ action }}.component is null
        then 'unknown'
        when {{ action }}.component <> 'balance'
        then {{ action }}.component
        when
            {{
                matches_pattern(
                    deal ~ ".comment",
                    "coalesce(" ~ server ~ ".internal_transfer_prefix, 'IT') || ' %'",
                )
            }}
        then 'internal_transfer'
        when {{ deal }}.profit_amount >= 0
        then 'deposit'
        else 'withdrawal'
    end
{%- endmacro %}


{#- balance, credit or nothing: what a deal's money moves. An action nobody knows moves balance. -#}
{% macro deal_moves(action, server) -%}
    case
        coalesce({{ action }}.moves, 'balance')
        when 'setting'
        then coalesce({{ server }}.bonus_moves, 'credit')
        else coalesce({{ action }}.moves, 'balance')
    end
{%- endmacro %}


{#- A deal counts with all four of its amounts, except credit, bonus on credit and cancelled ones. -#}
{% macro balance_effect(deal, action, server) -%}
    case
        when {{ deal_moves(action, server) }} = 'balance'
        then
            cast(
                {{ deal }}.profit_amount
                + {{ deal }}.storage_amount
                + {{ deal }}.commission_amount
                + {{ deal }}.fee_amount as decimal(24, 8)
            )
        else cast(0 as decimal(24, 8))
    end
{%- endmacro %}


{% macro credit_effect(deal, action, server) -%}
    case
        when {{ deal_moves(action, server) }} = 'credit'
        then {{ deal }}.profit_amount
        else cast(0 as decimal(24, 8))
    end
{%- endmacro %}


{#- What a deal that is no trade moves by itself, without the swap, commission and fee beside it. -#}
{% macro operation_amount(deal) -%}
    (
        {{ deal }}.balance_effect_amount
        - {{ deal }}.closed_pnl_amount
        - {{ deal }}.swap_amount
        - {{ deal }}.commission_amount
        - {{ deal }}.fee_amount
    )
{%- endmacro %}
