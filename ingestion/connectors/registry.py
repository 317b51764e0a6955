"""Which connector serves which kind of source, and which raw tables it fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ingestion.connectors.broker import connector as broker
from ingestion.connectors.broker.contract import CONTRACTS as BROKER
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm import connector as crm
from ingestion.connectors.crm.contract import CONTRACTS as CRM
from ingestion.connectors.ecb import connector as ecb
from ingestion.connectors.ecb.contract import CONTRACTS as ECB
from ingestion.connectors.lp import connector as lp
from ingestion.connectors.lp.contract import CONTRACTS as LP
from ingestion.connectors.mt5 import connector as mt5
from ingestion.connectors.mt5.contract import CONTRACTS as MT5
from ingestion.connectors.mt5_files import connector as mt5_files
from ingestion.connectors.mt5_files.contract import CONTRACTS as MT5_FILES
from ingestion.connectors.stripe import connector as stripe
from ingestion.connectors.stripe.contract import CONTRACTS as STRIPE
from ingestion.contracts import TableContract
from warehouse.errors import SettingsError
from warehouse.settings import SourceSettings

Address = Literal["url", "path", "url or path", "none"]


@dataclass(frozen=True)
class Connector:
    """One kind of source: its pass, its contracts, and which address its settings must give."""

    sync: Callable[[PassContext], None]
    contracts: tuple[TableContract, ...]
    address: Address


# In the order a first sync should run: rates and mappings before the deals that need them.
CONNECTORS: dict[str, Connector] = {
    "ecb": Connector(ecb.sync, ECB, "none"),
    "broker": Connector(broker.sync, BROKER, "path"),
    "crm": Connector(crm.sync, CRM, "url or path"),
    "mt5": Connector(mt5.sync, MT5, "url"),
    "mt5_files": Connector(mt5_files.sync, MT5_FILES, "path"),
    "lp": Connector(lp.sync, LP, "path"),
    "stripe": Connector(stripe.sync, STRIPE, "path"),
}


def connector_of(source: SourceSettings) -> Connector:
    """The connector that serves a source.

    Raises:
        SettingsError: no connector is of that kind, or the source lacks the address it needs.
    """
    connector = CONNECTORS.get(source.kind)
    if connector is None:
        raise SettingsError(
            f"No connector reads sources of kind {source.kind}.",
            where=f"source {source.name}",
            todo=f"use one of: {', '.join(CONNECTORS)}",
        )
    has_url = bool(source.url or source.url_env)
    missing = {
        "url": not has_url,
        "path": source.path is None,
        "url or path": not has_url and source.path is None,
        "none": False,
    }
    if missing[connector.address]:
        wanted = connector.address.replace("url", "url_env (or url)")
        raise SettingsError(
            f"A source of kind {source.kind} needs {wanted}.",
            where=f"source {source.name}",
            todo="add it to the source in daybook.toml; docs/configuration.md shows how",
        )
    return connector


def all_contracts() -> tuple[TableContract, ...]:
    """The contracts of every connector: the raw tables that staging may name."""
    return tuple(c for connector in CONNECTORS.values() for c in connector.contracts)
