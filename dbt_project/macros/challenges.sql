{#-
    What bringing money in or taking it out moves on an account; everything else is a challenge's
    result. Columns of fct_account_days without `_amount`, and components of can_deals.
-#}
{% macro challenge_cash_lines() -%}
    {{
        return(
            [
                "deposits",
                "withdrawals",
                "internal_transfers",
                "bonus",
                "stop_out_compensation",
            ]
        )
    }}
{%- endmacro %}


{% macro challenge_cash_components() -%}
    'deposit', 'withdrawal', 'internal_transfer', 'bonus', 'so_compensation'
{%- endmacro %}
