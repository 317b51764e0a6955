"""Which provider carries a client's money: one rule for the CRM, the PSPs and the banks."""

from __future__ import annotations

from ingestion.simulator.cash import CashOperation

STRIPE, ADYEN, PAYPAL, COINSPAID, WALLET, BANK = (
    "stripe", "adyen", "paypal", "coinspaid", "wallet", "bank",
)  # fmt: skip


def provider_of(operation: CashOperation) -> str:
    """The provider of a deposit or withdrawal: cards by Stripe and Adyen, the rest by request."""
    if operation.method == "card":
        return ADYEN if operation.request % 3 == 2 else STRIPE
    return {0: PAYPAL, 1: COINSPAID, 2: WALLET}.get(operation.request % 7, BANK)
