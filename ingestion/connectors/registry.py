"""Which connector serves which kind of source, and which raw tables it fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingestion.connectors.broker import connector as broker
from ingestion.connectors.broker.contract import CONTRACTS as BROKER
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm import connector as crm
from ingestion.connectors.crm.contract import CONTRACTS as CRM
from ingestion.connectors.ecb import connector as ecb
from ingestion.connectors.ecb.contract import CONTRACTS as ECB
from ingestion.connectors.mt5 import connector as mt5
from ingestion.connectors.mt5.contract import CONTRACTS as MT5
from ingestion.connectors.stripe import connector as stripe
from ingestion.connectors.stripe.contract import CONTRACTS as STRIPE
from ingestion.contracts import TableContract


@dataclass(frozen=True)
class Connector:
    """One kind of source: its pass and its contracts."""

    sync: Callable[[PassContext], None]
    contracts: tuple[TableContract, ...]


# In the order a first sync should run: rates and mappings before the deals that need them.
CONNECTORS: dict[str, Connector] = {
    "ecb": Connector(ecb.sync, ECB),
    "broker": Connector(broker.sync, BROKER),
    "crm": Connector(crm.sync, CRM),
    "mt5": Connector(mt5.sync, MT5),
    "stripe": Connector(stripe.sync, STRIPE),
}


def all_contracts() -> tuple[TableContract, ...]:
    """The contracts of every connector: the raw tables that staging may name."""
    return tuple(c for connector in CONNECTORS.values() for c in connector.contracts)
