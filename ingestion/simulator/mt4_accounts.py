"""The MetaTrader 4 server of the simulated broker: its groups, accounts and their cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.cash import BookedRequest
from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, IntArray
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOL_INDEX, SYMBOLS
from ingestion.simulator.prices import cent_factor, walk_of
from ingestion.simulator.world import World, stream

SERVER_ID = "mt4_live"
FIRST_LOGIN = 2_000_001
LEAST_ACCOUNTS = 5
FIRST_REQUEST = 910_001


@dataclass(frozen=True)
class Mt4Group:
    """A group; ``posts_swap``: the CRM books swap as balance operations, not the platform.

    ``states_currency`` is False where MT4_USERS leaves CURRENCY empty, as older servers do.
    """

    name: str
    currency: str
    deposit: int
    """Usual deposit in whole units of the account currency."""
    symbols: tuple[str, ...]
    volumes: tuple[int, int]
    """Hundredths of a lot, least and most."""
    commission_per_lot: float = 0.0
    posts_swap: bool = False
    states_currency: bool = True


_STANDARD = tuple(spec.symbol for spec in SYMBOLS if "." not in spec.symbol)
_CENT = ("EURUSD.c", "GBPUSD.c")
GROUPS: tuple[Mt4Group, ...] = (
    Mt4Group("B-USD", "USD", 10_000, _STANDARD, (1, 12)),
    Mt4Group("B-EUR-ECN", "EUR", 12_000, _STANDARD, (2, 15), commission_per_lot=6.0),
    Mt4Group("B-USC", "USC", 800_000, _CENT, (10, 300), states_currency=False),
    Mt4Group("B-JPY", "JPY", 1_800_000, _STANDARD, (1, 10)),
    Mt4Group("B-USD-CRMSWAP", "USD", 15_000, _STANDARD, (2, 10), posts_swap=True),
)


@dataclass(frozen=True)
class Mt4Accounts:
    """One entry per account."""

    login: IntArray
    group: IntArray
    registered_ms: IntArray

    @property
    def size(self) -> int:
        """How many accounts there are."""
        return len(self.login)

    @property
    def digits(self) -> IntArray:
        """Decimals of each account's currency."""
        return self._of_group([CURRENCY_DIGITS[spec.currency] for spec in GROUPS])

    @property
    def walk(self) -> IntArray:
        """Price walk of each account's currency."""
        return self._of_group([walk_of(spec.currency) for spec in GROUPS])

    @property
    def cents(self) -> IntArray:
        """100 for cent accounts, else 1."""
        return self._of_group([cent_factor(spec.currency) for spec in GROUPS])

    @property
    def posts_swap(self) -> IntArray:
        """1 where swap is posted by the CRM."""
        return self._of_group([int(spec.posts_swap) for spec in GROUPS])

    def _of_group(self, values: list[int]) -> IntArray:
        return np.array(values, dtype=np.int64)[self.group]

    def draw_symbols(self, account: IntArray, rng: np.random.Generator) -> IntArray:
        """A symbol that the group of each account offers, by popularity."""
        symbol = np.zeros(len(account), dtype=np.int64)
        for index, spec in enumerate(GROUPS):
            chosen = np.flatnonzero(self.group[account] == index)
            offered = np.array([SYMBOL_INDEX[name] for name in spec.symbols])
            weight = np.array([SYMBOLS[i].popularity for i in offered], dtype=float)
            symbol[chosen] = rng.choice(offered, chosen.size, p=weight / weight.sum())
        return symbol

    def draw_volumes(self, account: IntArray, rng: np.random.Generator) -> IntArray:
        """Hundredths of a lot within what the group of each account trades."""
        least = self._of_group([spec.volumes[0] for spec in GROUPS])[account]
        most = self._of_group([spec.volumes[1] for spec in GROUPS])[account]
        return rng.integers(least, most + 1)


@dataclass(frozen=True)
class Mt4Cash:
    """Balance (6) and credit (7) operations; amounts in minor units of the account."""

    account: IntArray
    server_ms: IntArray
    command: IntArray
    amount: IntArray
    comment: list[str]


def build_accounts(world: World) -> Mt4Accounts:
    """About a quarter as many accounts as the other server has; no login is on both."""
    clients = int((world.population.client >= 0).sum())
    size = max(LEAST_ACCOUNTS, clients // 4)
    rng = stream(world.seed, "mt4 accounts")
    late = (rng.random(size) < 0.25) & (np.arange(size) >= LEAST_ACCOUNTS)
    day = world.window.first + np.where(late, rng.integers(0, world.window.days // 3, size), 0)
    return Mt4Accounts(
        login=FIRST_LOGIN + np.arange(size, dtype=np.int64),
        group=np.arange(size, dtype=np.int64) % len(GROUPS),
        registered_ms=day * DAY_MS + 8 * HOUR_MS + rng.integers(0, 90, size) * MINUTE_MS,
    )


def build_cash(world: World, accounts: Mt4Accounts) -> Mt4Cash:
    """Deposits, withdrawals, an internal transfer and a credit that is taken back.

    Clear of the transaction-monitoring rules as ``fund_accounts`` is: no deposit is worth between
    90 % and 100 % of 10,000 USD, and withdrawals are small.
    """
    rng = stream(world.seed, "mt4 cash")
    size, window = accounts.size, world.window
    units = np.array([spec.deposit for spec in GROUPS], dtype=np.int64)[accounts.group]
    minor = units * 10**accounts.digits
    first = accounts.registered_ms + 10 * MINUTE_MS
    again = np.flatnonzero(rng.random(size) < 0.5)
    out = np.flatnonzero(rng.random(size) < 0.4)
    span = window.end_ms - first
    parts = [
        (np.arange(size), first, minor),
        (again, first[again] + span[again] // 3, minor[again] // 2),
        (out, first[out] + span[out] * 2 // 3, -(minor[out] // 50)),
    ]
    account = np.concatenate([part[0] for part in parts])
    server_ms = np.concatenate([part[1] for part in parts])
    amount = np.concatenate([part[2] for part in parts])
    order = np.argsort(server_ms, kind="stable")
    account, server_ms, amount = account[order], server_ms[order], amount[order]
    comment = [
        f"CRM-{'D' if money > 0 else 'W'}-{FIRST_REQUEST + number}"
        for number, money in enumerate(amount.tolist())
    ]
    moment = window.trading_day_near(0.5) * DAY_MS + 14 * HOUR_MS
    # Both dollar accounts: the first one and that whose swap the CRM posts. The receiving side
    # names the sender's login; its ticket is known once tickets are numbered.
    transfer = [(0, moment, 6, -25_000), (4, moment + 1_000, 6, 25_000)]
    credit = [(0, moment + HOUR_MS, 7, 30_000), (0, moment + 2 * DAY_MS, 7, -30_000)]
    extra = np.array([*transfer, *credit], dtype=np.int64)
    return Mt4Cash(
        account=np.concatenate([account, extra[:, 0]]),
        server_ms=np.concatenate([server_ms, extra[:, 1]]),
        command=np.concatenate([np.full(len(account), 6, dtype=np.int64), extra[:, 2]]),
        amount=np.concatenate([amount, extra[:, 3]]),
        comment=[
            *comment, f"IT To {FIRST_LOGIN + 4}", f"IT From {FIRST_LOGIN}", "Welcome credit",
            "Welcome credit out",
        ],
    )  # fmt: skip


def requested(world: World) -> list[BookedRequest]:
    """The operations that a request of the CRM stands behind."""
    accounts = build_accounts(world)
    cash = build_cash(world, accounts)
    return [
        BookedRequest(
            SERVER_ID, int(accounts.login[account]), int(comment.rpartition("-")[2]),
            GROUPS[accounts.group[account]].currency, amount, server_ms,
        )
        for account, amount, server_ms, comment in zip(
            cash.account.tolist(), cash.amount.tolist(), cash.server_ms.tolist(), cash.comment,
            strict=True,
        )
        if comment.startswith(("CRM-D-", "CRM-W-"))
    ]  # fmt: skip
