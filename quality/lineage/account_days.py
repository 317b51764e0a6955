"""finance.fct_account_days: the roll-forward of an account over a business day."""

from __future__ import annotations

from quality.lineage.account_parts import (
    deals_of_the_day,
    deals_up_to_the_day,
    what_floats,
    what_the_platform_states,
)
from quality.lineage.declaration import Lineage, Rule

# The component of an operation -> the line it belongs to; a trade's own amounts come below.
_OPERATIONS = {
    "deposits": ("deposit",),
    "withdrawals": ("withdrawal",),
    "internal_transfers": ("internal_transfer",),
    "commission_round": ("commission_round",),
    "agent_commission": ("agent",),
    "interest": ("interest",),
    "dividends": ("dividend",),
    "taxes": ("tax",),
    "charges": ("charge",),
    "corrections": ("correction", "unknown"),
    "bonus": ("bonus",),
    "stop_out_compensation": ("so_compensation",),
}


def _operation(components: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{name}'" for name in components)
    return f"CASE WHEN component IN ({listed}) THEN operation_amount ELSE 0 END"


_COMPONENTS = {
    "closed_pnl_amount": "closed_pnl_amount",
    "swap_amount": "swap_amount",
    "commission_amount": (
        "commission_amount + CASE WHEN component = 'commission' THEN operation_amount ELSE 0 END"
    ),
    "fees_amount": "fee_amount",
    **{f"{line}_amount": _operation(components) for line, components in _OPERATIONS.items()},
}

_BALANCES = {
    "opening_balance_amount": "CASE WHEN is_of_the_day THEN 0 ELSE balance_effect_amount END",
    "closing_balance_amount": "balance_effect_amount",
    "opening_credit_amount": "CASE WHEN is_of_the_day THEN 0 ELSE credit_effect_amount END",
    "credit_change_amount": "CASE WHEN is_of_the_day THEN credit_effect_amount ELSE 0 END",
    "closing_credit_amount": "credit_effect_amount",
    "equity_amount": "balance_effect_amount + credit_effect_amount",
    "balance_break_amount": "CASE WHEN is_compared THEN balance_effect_amount ELSE 0 END",
    "credit_break_amount": "CASE WHEN is_compared THEN credit_effect_amount ELSE 0 END",
}

_FLOATING = {
    "floating_pnl_amount": "floating_pnl_amount",
    "floating_swap_amount": "floating_swap_amount",
    "equity_amount": "floating_pnl_amount + floating_swap_amount",
    "floating_break_amount": (
        "CASE WHEN is_compared THEN floating_pnl_amount + floating_swap_amount ELSE 0 END"
    ),
}

_PLATFORM = {
    "platform_balance_amount": "balance_amount",
    "platform_credit_amount": "credit_amount",
    "platform_floating_amount": "floating_pnl_amount + floating_swap_amount",
    "balance_break_amount": "-balance_amount",
    "credit_break_amount": "-credit_amount",
    "floating_break_amount": "-(floating_pnl_amount + floating_swap_amount)",
}

_FIGURES = (*_COMPONENTS, *_BALANCES, *_FLOATING, *_PLATFORM)

LINEAGE = Lineage(
    table="finance.fct_account_days",
    key=("tenant_id", "server_id", "login", "business_date"),
    key_text="s.account_key || '/' || CAST(s.business_date AS VARCHAR)",
    currencies=dict.fromkeys(_FIGURES, "account_currency"),
    parts=(
        deals_up_to_the_day(_BALANCES),
        deals_of_the_day(_COMPONENTS),
        *what_floats(_FLOATING),
        *what_the_platform_states(_PLATFORM),
    ),
    rules=(
        Rule("A deal counts with profit, swap, commission and fee, in account currency."),
        Rule("What floats is as of the last close that told of the account."),
        Rule("A break is books minus platform, on days on which the platform states a balance."),
    ),
)
