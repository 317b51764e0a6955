"""Who trades: accounts with their groups, registration, activity, and the clients behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, IntArray, Window
from ingestion.simulator.errors import SimulationError
from ingestion.simulator.market import CLIENT_GROUP_CYCLE, CURRENCY_DIGITS, GROUP_INDEX, GROUPS
from ingestion.simulator.prices import FloatArray, cent_factor, walk_of

FIRST_LOGIN = 100_001
MANAGER_LOGIN = 1_003
DEMO_LOGIN = 900_001
TEST_LOGIN = 900_002
ORPHAN_LOGIN = 777_001
LEAST_ACCOUNTS = 12
LEAST_DAYS = 16

STRUCTURING, RAPID, NO_TRADE, STOP_OUT = 0, 1, 2, 3
FIRST_ORDINARY = 4

_COUNTRIES = ("CY", "DE", "FR", "ES", "PL", "ZA", "AE", "TH", "VN", "MX", "GB", "IT")
_SYLLABLES = ("ta", "vor", "me", "lin", "ka", "ru", "den", "sa", "mi", "bor", "el", "no", "yu")


@dataclass(frozen=True)
class Population:
    """One entry per account; the last four are manager, demo, test and the orphan login."""

    login: IntArray
    group: IntArray
    client: IntArray
    """Client number, -1 where the account belongs to no client."""
    registered_ms: IntArray
    activity: FloatArray
    """Relative number of positions; 0 for accounts that the random trading leaves alone."""
    leverage: IntArray
    names: list[str]
    """One invented name per client number."""
    countries: list[str]

    @property
    def size(self) -> int:
        return len(self.login)

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self.names)

    @property
    def currency_digits(self) -> IntArray:
        return np.array([CURRENCY_DIGITS[GROUPS[g].currency] for g in self.group], dtype=np.int64)

    @property
    def currency(self) -> list[str]:
        return [GROUPS[g].currency for g in self.group]

    @property
    def walk(self) -> IntArray:
        """Index of the price walk of each account's currency."""
        return np.array([walk_of(GROUPS[g].currency) for g in self.group], dtype=np.int64)

    @property
    def cents(self) -> IntArray:
        """100 for cent accounts, else 1."""
        return np.array([cent_factor(GROUPS[g].currency) for g in self.group], dtype=np.int64)

    def index_of(self, login: int) -> int:
        """Position of a login."""
        return int(np.flatnonzero(self.login == login)[0])

    @property
    def orphan(self) -> int:
        """Index of the login that no users or accounts table knows."""
        return self.size - 1

    @property
    def manager(self) -> int:
        return self.size - 4

    def is_excluded(self) -> list[bool]:
        """Whether the group is excluded from the broker's figures by mapping."""
        return [GROUPS[g].excluded for g in self.group]

    def primary_accounts(self) -> list[int]:
        """The first account of each client, in client order."""
        first: dict[int, int] = {}
        for index, client in enumerate(self.client):
            if client >= 0:
                first.setdefault(int(client), index)
        return [first[client] for client in sorted(first)]


def client_id(number: int) -> str:
    """The CRM's id of a client number."""
    return f"C{10_001 + number}"


def _clients_of(accounts: int) -> IntArray:
    """Client number per account: ordinary accounts 7, 12, 17, ... belong to an earlier client."""
    client = np.zeros(accounts, dtype=np.int64)
    number = 0
    for index in range(accounts):
        ordinary = index - FIRST_ORDINARY
        if ordinary == 7:
            client[index] = client[FIRST_ORDINARY]
            continue
        if ordinary > 7 and (ordinary - 7) % 5 == 0:
            client[index] = client[index - 1]
            continue
        client[index] = number
        number += 1
    return client


def build_population(window: Window, accounts: int, rng: np.random.Generator) -> Population:
    """Draw the accounts.

    Raises:
        SimulationError: fewer accounts or days than the planted cases need.
    """
    if accounts < LEAST_ACCOUNTS or window.days < LEAST_DAYS:
        raise SimulationError(
            f"A simulated broker needs at least {LEAST_ACCOUNTS} accounts and {LEAST_DAYS} days.",
            where=f"accounts={accounts}, days={window.days}",
            todo="ask for more",
        )
    ordinary = np.arange(accounts) - FIRST_ORDINARY
    cycle = np.array(CLIENT_GROUP_CYCLE, dtype=np.int64)
    group = np.where(ordinary >= 0, cycle[ordinary % len(cycle)], cycle[0])
    activity = np.clip(rng.lognormal(0.0, 0.5, accounts), 0.25, 4.0)
    activity[[STRUCTURING, RAPID, NO_TRADE, STOP_OUT]] = [0.5, 0.0, 0.0, 0.0]
    # A third of the accounts arrive during the first 40 % of the window.
    late = (rng.random(accounts) < 0.33) & (ordinary > 7)
    day = window.first + np.where(late, rng.integers(0, max(window.days * 2 // 5, 1), accounts), 0)
    registered = day * DAY_MS + 7 * HOUR_MS + rng.integers(0, 90, accounts) * MINUTE_MS
    client = _clients_of(accounts)
    count = int(client.max()) + 1
    picks = rng.integers(0, len(_SYLLABLES), (count, 6))
    names = [
        "".join(_SYLLABLES[i] for i in row[:3]).title()
        + " "
        + "".join(_SYLLABLES[i] for i in row[3:]).title()
        for row in picks
    ]
    countries = [_COUNTRIES[i] for i in rng.integers(0, len(_COUNTRIES), count)]
    extra_groups = [
        GROUP_INDEX[r"managers\administrators"],
        GROUP_INDEX[r"demo\forex-hedge-usd"],
        GROUP_INDEX[r"test\internal"],
        GROUP_INDEX[r"real\B-USD"],
    ]
    start = window.first * DAY_MS + 6 * HOUR_MS
    return Population(
        login=np.concatenate(
            [
                FIRST_LOGIN + np.arange(accounts, dtype=np.int64),
                np.array([MANAGER_LOGIN, DEMO_LOGIN, TEST_LOGIN, ORPHAN_LOGIN], dtype=np.int64),
            ]
        ),
        group=np.concatenate([group, np.array(extra_groups, dtype=np.int64)]),
        client=np.concatenate([client, np.full(4, -1, dtype=np.int64)]),
        registered_ms=np.concatenate([registered, np.full(4, start, dtype=np.int64)]),
        activity=np.concatenate([activity, np.array([0.0, 0.5, 0.3, 0.0])]),
        leverage=np.concatenate(
            [
                rng.choice(np.array([30, 100, 200, 500], dtype=np.int64), accounts),
                np.full(4, 100, dtype=np.int64),
            ]
        ),
        names=names,
        countries=countries,
    )
