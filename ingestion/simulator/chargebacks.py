"""Which deposits the payment providers charged back, by the simulator's own record of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ingestion.simulator.clock import DAY_MS, day_of, to_server_ms
from ingestion.simulator.market import TENANT
from ingestion.simulator.psp import DISPUTE_DAYS, disputed_deposit
from ingestion.simulator.psp_adyen import CHARGEBACK_DAYS, disputed_request
from ingestion.simulator.world import World


@dataclass(frozen=True)
class Chargeback:
    """A client's deposit that its provider took back; business days of the trading server."""

    client: int
    deposited: date
    charged_back: date


def chargebacks(world: World) -> list[Chargeback]:
    """Stripe's and Adyen's, as far as the window has them; white labels have no providers."""
    if world.tenant != TENANT:
        return []
    found = []
    deposit = disputed_deposit(world)
    if deposit is not None:
        day = deposit.server_ms // DAY_MS
        found.append(
            Chargeback(
                int(world.population.client[deposit.account]),
                day_of(day),
                day_of(day + DISPUTE_DAYS),
            )
        )
    request = disputed_request(world)
    if request is not None:
        # A provider sees a deposit a minute before it is booked.
        booked = np.array([request.created + 60], dtype=np.int64)
        charged = np.array([request.created + CHARGEBACK_DAYS * 86_400], dtype=np.int64)
        found.append(
            Chargeback(
                request.client,
                day_of(int(to_server_ms(booked * 1_000)[0]) // DAY_MS),
                day_of(int(to_server_ms(charged * 1_000)[0]) // DAY_MS),
            )
        )
    return found
