"""Payouts of payment providers: what leaves them and arrives at a bank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.simulator.clock import epoch_day
from ingestion.simulator.psp import balance_transactions
from ingestion.simulator.routing import STRIPE
from ingestion.simulator.world import World


@dataclass(frozen=True)
class Payout:
    """Money a provider sends to the broker's bank.

    Attributes:
        reference: the provider's id of it, as the bank line carries it.
        day: UTC day on which it is sent, as epoch day; the bank books it two banking days later.
        minor: minor units, above zero.
    """

    provider: str
    reference: str
    day: int
    currency: str
    minor: int


def stripe_payouts(world: World) -> list[Payout]:
    """The weekly payouts among Stripe's balance transactions."""
    return [
        Payout(
            STRIPE,
            row.source,
            epoch_day(datetime.fromtimestamp(row.created, UTC).date()),
            row.currency.upper(),
            -row.amount,
        )
        for row in balance_transactions(world)
        if row.type == "payout"
    ]


# Each provider adds the function that gives its payouts.
PAYOUTS: tuple[Callable[[World], list[Payout]], ...] = (stripe_payouts,)


def all_payouts(world: World) -> list[Payout]:
    """Every provider's payouts."""
    return [payout for of_provider in PAYOUTS for payout in of_provider(world)]
