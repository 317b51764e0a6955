"""Which clients own the MetaTrader 4 and cTrader accounts, and the cash they asked the CRM for.

The owners are clients that have an account on the main server and whom no partner referred, so that
the commission ledger stays a matter of that server alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from ingestion.simulator import ctrader_accounts, mt4_accounts
from ingestion.simulator.clock import DAY_MS, MINUTE_MS, IntArray, day_of
from ingestion.simulator.crm import Rows, utc_text
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency, money_divisor
from ingestion.simulator.partners import tree_edges
from ingestion.simulator.population import FIRST_ORDINARY, client_id
from ingestion.simulator.routing import BANK
from ingestion.simulator.world import World, stream


@dataclass(frozen=True)
class PlatformAccount:
    """An account of one of the two servers and the client who owns it."""

    server_id: str
    login: int
    client: int
    registered_ms: int


@dataclass(frozen=True)
class PlatformRequest:
    """A wire to or from such an account, as the CRM was asked for it.

    ``amount`` is above zero and in the main currency: the cents of a cent account are divided out.
    ``server_ms`` is when the platform booked it.
    """

    number: int
    account: PlatformAccount
    currency: str
    amount: Decimal
    is_deposit: bool
    server_ms: int
    reference: str
    """The payout's; a client's own wire has none."""

    @property
    def comment(self) -> str:
        """How the platform and the bank name it."""
        return f"CRM-{'D' if self.is_deposit else 'W'}-{self.number}"


def _owners(world: World, accounts: int) -> IntArray:
    referred = {edge.child_id for edge in tree_edges(world.population, world.window)}
    able = [
        client
        for client in range(FIRST_ORDINARY, world.population.clients)
        if client_id(client) not in referred
    ]
    return np.array(able, dtype=np.int64)[np.arange(accounts) % len(able)]


def platform_accounts(world: World) -> list[PlatformAccount]:
    """Every account of both servers: the same clients own accounts on each."""
    mt4, ctrader = mt4_accounts.build_accounts(world), ctrader_accounts.build_accounts(world)
    return [
        PlatformAccount(server_id, login, client, registered)
        for server_id, accounts in (
            (mt4_accounts.SERVER_ID, mt4),
            (ctrader_accounts.SERVER_ID, ctrader),
        )
        for login, client, registered in zip(
            accounts.login.tolist(),
            _owners(world, accounts.size).tolist(),
            accounts.registered_ms.tolist(),
            strict=True,
        )
    ]


def platform_requests(world: World) -> list[PlatformRequest]:
    """Their deposits and withdrawals, in the order of the requests' numbers."""
    accounts = {(one.server_id, one.login): one for one in platform_accounts(world)}
    booked = sorted(
        (*mt4_accounts.requested(world), *ctrader_accounts.requested(world)),
        key=lambda one: one.number,
    )
    tokens = stream(world.seed, "platform payouts").integers(10**11, 10**12, len(booked))
    return [
        PlatformRequest(
            number=one.number,
            account=accounts[one.server_id, one.login],
            currency=main_currency(one.currency),
            amount=Decimal(abs(one.minor)).scaleb(-CURRENCY_DIGITS[one.currency])
            / money_divisor(one.currency),
            is_deposit=one.minor > 0,
            server_ms=one.server_ms,
            reference="" if one.minor > 0 else f"po_{token}",
        )
        for one, token in zip(booked, tokens.tolist(), strict=True)
    ]


def account_rows(world: World) -> Rows:
    """The links as rows of the CRM's client_accounts."""
    return [
        (client_id(one.client), one.server_id, one.login, day_of(one.registered_ms // DAY_MS))
        for one in platform_accounts(world)
    ]


def request_rows(world: World) -> Rows:
    """The requests as rows of the CRM's cash_requests."""
    return [
        (
            one.number, client_id(one.account.client), one.account.server_id, one.account.login,
            "deposit" if one.is_deposit else "withdrawal", "processed", one.amount, one.currency,
            utc_text(one.server_ms - (4 if one.is_deposit else 95) * MINUTE_MS),
            utc_text(one.server_ms), "wire", BANK, one.reference,
        )
        for one in platform_requests(world)
    ]  # fmt: skip
