"""Which connector serves which kind of source, and which raw tables it fills."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ingestion.connectors.adyen import connector as adyen
from ingestion.connectors.adyen.contract import CONTRACTS as ADYEN
from ingestion.connectors.bank import connector as bank
from ingestion.connectors.bank.contract import CONTRACTS as BANK
from ingestion.connectors.broker import connector as broker
from ingestion.connectors.broker.contract import CONTRACTS as BROKER
from ingestion.connectors.coinbase_commerce import connector as coinbase_commerce
from ingestion.connectors.coinbase_commerce.contract import CONTRACTS as COINBASE_COMMERCE
from ingestion.connectors.coinspaid import connector as coinspaid
from ingestion.connectors.coinspaid.contract import CONTRACTS as COINSPAID
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm import connector as crm
from ingestion.connectors.crm.contract import CONTRACTS as CRM
from ingestion.connectors.ctrader import connector as ctrader
from ingestion.connectors.ctrader.contract import CONTRACTS as CTRADER
from ingestion.connectors.ctrader_ws import connector as ctrader_ws
from ingestion.connectors.ctrader_ws.contract import CONTRACTS as CTRADER_WS
from ingestion.connectors.ecb import connector as ecb
from ingestion.connectors.ecb.contract import CONTRACTS as ECB
from ingestion.connectors.fxbo import connector as fxbo
from ingestion.connectors.fxbo.contract import CONTRACTS as FXBO
from ingestion.connectors.lp import connector as lp
from ingestion.connectors.lp.contract import CONTRACTS as LP
from ingestion.connectors.mt4 import connector as mt4
from ingestion.connectors.mt4.contract import CONTRACTS as MT4
from ingestion.connectors.mt4_files import connector as mt4_files
from ingestion.connectors.mt4_files.contract import CONTRACTS as MT4_FILES
from ingestion.connectors.mt5 import connector as mt5
from ingestion.connectors.mt5.contract import CONTRACTS as MT5
from ingestion.connectors.mt5_files import connector as mt5_files
from ingestion.connectors.mt5_files.contract import CONTRACTS as MT5_FILES
from ingestion.connectors.onfido import connector as onfido
from ingestion.connectors.onfido.contract import CONTRACTS as ONFIDO
from ingestion.connectors.paypal import connector as paypal
from ingestion.connectors.paypal.contract import CONTRACTS as PAYPAL
from ingestion.connectors.psp import connector as psp
from ingestion.connectors.psp.contract import CONTRACTS as PSP
from ingestion.connectors.reference import connector as reference
from ingestion.connectors.reference.contract import CONTRACTS as REFERENCE
from ingestion.connectors.sanctions import connector as sanctions
from ingestion.connectors.sanctions.contract import CONTRACTS as SANCTIONS
from ingestion.connectors.stripe import connector as stripe
from ingestion.connectors.stripe.contract import CONTRACTS as STRIPE
from ingestion.connectors.sumsub import connector as sumsub
from ingestion.connectors.sumsub.contract import CONTRACTS as SUMSUB
from ingestion.connectors.wise import connector as wise
from ingestion.connectors.wise.contract import CONTRACTS as WISE
from ingestion.contracts import TableContract
from warehouse.errors import SettingsError
from warehouse.settings import SFTP, SourceSettings

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
    "fxbo": Connector(fxbo.sync, FXBO, "url"),
    "mt5": Connector(mt5.sync, MT5, "url"),
    "mt4": Connector(mt4.sync, MT4, "url"),
    "mt4_files": Connector(mt4_files.sync, MT4_FILES, "path"),
    "ctrader": Connector(ctrader.sync, CTRADER, "url or path"),
    "ctrader_ws": Connector(ctrader_ws.sync, CTRADER_WS, "url or path"),
    "mt5_files": Connector(mt5_files.sync, MT5_FILES, "path"),
    "lp": Connector(lp.sync, LP, "path"),
    "stripe": Connector(stripe.sync, STRIPE, "path"),
    "adyen": Connector(adyen.sync, ADYEN, "path"),
    "paypal": Connector(paypal.sync, PAYPAL, "path"),
    "wise": Connector(wise.sync, WISE, "path"),
    "bank": Connector(bank.sync, BANK, "path"),
    "reference": Connector(reference.sync, REFERENCE, "path"),
    "sanctions": Connector(sanctions.sync, SANCTIONS, "path"),
    "psp": Connector(psp.sync, PSP, "path"),
    "coinspaid": Connector(coinspaid.sync, COINSPAID, "path"),
    "coinbase_commerce": Connector(coinbase_commerce.sync, COINBASE_COMMERCE, "path"),
    "sumsub": Connector(sumsub.sync, SUMSUB, "path"),
    "onfido": Connector(onfido.sync, ONFIDO, "path"),
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
    has_url, has_folder = _addresses(source)
    missing = {
        "url": not has_url,
        "path": not has_folder,
        "url or path": not (has_url or has_folder),
        "none": False,
    }
    if missing[connector.address]:
        wanted = connector.address.replace("url", "url_env (or url)")
        wanted = wanted.replace("path", "path (or an sftp:// address in url or url_env)")
        raise SettingsError(
            f"A source of kind {source.kind} needs {wanted}.",
            where=f"source {source.name}",
            todo="add it to the source in daybook.toml; docs/configuration.md shows how",
        )
    return connector


def _addresses(source: SourceSettings) -> tuple[bool, bool]:
    """Whether a source names a database, and whether it names a folder, here or by SFTP.

    A variable that is not set may hold either; the source's own pass says that it is missing.
    """
    named = bool(source.url or source.url_env)
    address = source.url or os.environ.get(source.url_env or "", "")
    is_sftp = address.startswith(SFTP)
    has_folder = source.path is not None or (named and (is_sftp or not address))
    return named and not is_sftp, has_folder


def all_contracts() -> tuple[TableContract, ...]:
    """The contracts of every connector: the raw tables that staging may name."""
    return tuple(c for connector in CONNECTORS.values() for c in connector.contracts)
