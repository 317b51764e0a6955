"""The accounts of the broker's cTrader server, and the cash that moves on them without a deal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ingestion.simulator.cash import BookedRequest
from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, to_server_ms, to_utc_ms
from ingestion.simulator.market import GROUP_INDEX
from ingestion.simulator.population import Population
from ingestion.simulator.world import World, stream

SERVER_ID = "ctrader_live"
FIRST_LOGIN = 3_000_001
FIRST_REQUEST = 950_001
FEWEST_ACCOUNTS = 6
DEPOSIT, WITHDRAW, REBATE, DIVIDENDS, BONUS, BONUS_OUT, INACTIVITY, TRANSFER, TRANSFER_OUT = (
    0, 1, 9, 15, 19, 20, 35, 36, 37,
)  # fmt: skip
_GROUPS = (
    r"real\B-USD", r"real\A-ECN-USD", r"real\B-EUR", r"real\B-GBP", r"real\A-ECN-EUR",
    r"real\B-JPY",
)  # fmt: skip


@dataclass(frozen=True)
class CashFlow:
    """A balance change without a deal; ``amount`` is signed, ``balance`` is what it left."""

    account: int
    at: int
    operation: int
    amount: int
    request: int = 0
    """Number of the CRM's request; 0 where none stands behind it."""
    balance: int = 0
    version: int = 0

    @property
    def note(self) -> str:
        """What the back office writes beside it."""
        return f"CRM-{'D' if self.amount > 0 else 'W'}-{self.request}" if self.request else ""


def build_accounts(world: World) -> Population:
    """About a quarter as many accounts as the main server has; no login is on both."""
    rng, window = stream(world.seed, "ctrader accounts"), world.window
    accounts = max(int((world.population.client >= 0).sum()) // 4, FEWEST_ACCOUNTS)
    number = np.arange(accounts, dtype=np.int64)
    groups = np.array([GROUP_INDEX[name] for name in _GROUPS], dtype=np.int64)
    late = (rng.random(accounts) < 0.25) & (number >= len(_GROUPS))
    day = window.first + np.where(late, rng.integers(0, window.days // 3, accounts), 0)
    return Population(
        login=FIRST_LOGIN + number,
        group=groups[number % len(groups)],
        client=np.full(accounts, -1, dtype=np.int64),
        registered_ms=day * DAY_MS + 8 * HOUR_MS + number * 137,
        activity=np.clip(rng.lognormal(0.0, 0.5, accounts), 0.25, 4.0),
        leverage=rng.choice(np.array([30, 100, 200, 500], dtype=np.int64), accounts),
        names=[],
        countries=[],
    )


def build_cash(world: World, population: Population) -> list[CashFlow]:
    """Deposits of every account, withdrawals of most, and one of each of the rarer kinds.

    Clear of the transaction-monitoring rules as ``fund_accounts`` is: no deposit is worth between
    90 % and 100 % of 10,000 USD, and withdrawals are small.
    """
    rng, window = stream(world.seed, "ctrader cash"), world.window
    flows: list[CashFlow] = []
    middle, later = window.trading_day_near(0.5), window.trading_day_near(0.85)
    minute = rng.integers(0, 600, (population.size, 3)) * MINUTE_MS
    base = rng.choice(np.array([5_000, 6_500, 12_000]), population.size)

    def post(account: int, server_ms: int, operation: int, units: float) -> None:
        scale = 10 ** int(population.currency_digits[account])
        yen = 160 if population.currency[account] == "JPY" else 1
        amount = round(units * yen * scale)
        at = int(to_utc_ms(np.array([server_ms], dtype=np.int64))[0])
        flows.append(CashFlow(account, at, operation, amount))

    for account in range(population.size):
        first = int(population.registered_ms[account])
        post(account, first + int(minute[account, 0]), DEPOSIT, float(base[account]))
        if account % 3 == 1:
            at = middle * DAY_MS + 9 * HOUR_MS + int(minute[account, 1])
            post(account, at, DEPOSIT, float(base[account]))
        if account % 4 != 3:
            at = later * DAY_MS + 9 * HOUR_MS + int(minute[account, 2])
            post(account, at, WITHDRAW, -float(base[account]) / 100)
    noon = middle * DAY_MS + 12 * HOUR_MS
    post(0, noon, BONUS, 250.0)
    post(0, noon + 2 * DAY_MS, BONUS_OUT, -75.5)
    post(1, noon, REBATE, 12.34)
    post(2, noon, INACTIVITY, -15.0)
    post(3, noon, DIVIDENDS, 8.4)
    post(0, noon + HOUR_MS, TRANSFER_OUT, -200.0)
    post(1, noon + HOUR_MS + 1_000, TRANSFER, 200.0)
    flows.sort(key=lambda flow: (flow.at, flow.account))
    return [
        replace(flow, request=FIRST_REQUEST + number)
        if flow.operation in (DEPOSIT, WITHDRAW)
        else flow
        for number, flow in enumerate(flows)
    ]


def requested(world: World) -> list[BookedRequest]:
    """The flows that a request of the CRM stands behind."""
    population = build_accounts(world)
    flows = [flow for flow in build_cash(world, population) if flow.request]
    server_ms = to_server_ms(np.array([flow.at for flow in flows], dtype=np.int64)).tolist()
    return [
        BookedRequest(
            SERVER_ID, int(population.login[flow.account]), flow.request,
            population.currency[flow.account], flow.amount, moment,
        )
        for flow, moment in zip(flows, server_ms, strict=True)
    ]  # fmt: skip
