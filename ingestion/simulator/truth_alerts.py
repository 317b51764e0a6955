"""The truth about transaction monitoring: the three plain rules applied to plain lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, HOUR_MS, IntArray, day_of, to_server_ms
from ingestion.simulator.crm import main_amount
from ingestion.simulator.ctrader_accounts import SERVER_ID as CTRADER_SERVER
from ingestion.simulator.ctrader_world import build_ctrader
from ingestion.simulator.market import TENANT, main_currency
from ingestion.simulator.mt4_accounts import SERVER_ID as MT4_SERVER
from ingestion.simulator.mt4_days import build_mt4
from ingestion.simulator.platform_clients import platform_accounts, platform_requests
from ingestion.simulator.population import client_id
from ingestion.simulator.prices import FloatArray
from ingestion.simulator.world import World

THRESHOLD_USD = 10_000.0


@dataclass(frozen=True)
class _Movement:
    server_ms: int
    usd: float


@dataclass(frozen=True)
class _Alert:
    scenario: str
    first_ms: int
    last_ms: int


def _structuring(deposits: list[_Movement]) -> list[_Alert]:
    """A1: three or more deposits in [90 %, 100 %) of the threshold within 24 h."""
    near = [m for m in deposits if 0.9 * THRESHOLD_USD <= m.usd < THRESHOLD_USD]
    for start in near:
        inside = [m for m in near if 0 <= m.server_ms - start.server_ms <= 24 * HOUR_MS]
        if len(inside) >= 3 and sum(m.usd for m in inside) >= THRESHOLD_USD:
            return [_Alert("A1", inside[0].server_ms, inside[-1].server_ms)]
    return []


def _rapid(deposits: list[_Movement], withdrawals: list[_Movement]) -> list[_Alert]:
    """A2: withdrawals of 80 % or more of the deposits within 72 h."""
    for start in deposits:
        end = start.server_ms + 72 * HOUR_MS
        paid_in = sum(m.usd for m in deposits if start.server_ms <= m.server_ms <= end)
        out = [m for m in withdrawals if start.server_ms <= m.server_ms <= end]
        if out and sum(m.usd for m in out) >= 0.8 * paid_in:
            return [_Alert("A2", start.server_ms, out[-1].server_ms)]
    return []


def _without_trading(
    deposits: list[_Movement], withdrawals: list[_Movement], trades: list[tuple[int, float]]
) -> list[_Alert]:
    """A3: under 0.1 lot per 1,000 USD traded and half or more withdrawn within 14 days."""
    for start in deposits:
        end = start.server_ms + 14 * DAY_MS
        out = [m for m in withdrawals if start.server_ms <= m.server_ms <= end]
        paid_in = sum(m.usd for m in deposits if start.server_ms <= m.server_ms <= end)
        lots = sum(volume for when, volume in trades if start.server_ms <= when <= end)
        idle = lots < 0.1 * paid_in / 1_000
        if out and idle and sum(m.usd for m in out) >= 0.5 * paid_in:
            return [_Alert("A3", start.server_ms, out[-1].server_ms)]
    return []


@dataclass
class _Watched:
    """What a client did with all accounts together."""

    deposits: list[_Movement] = field(default_factory=list)
    withdrawals: list[_Movement] = field(default_factory=list)
    trades: list[tuple[int, float]] = field(default_factory=list)
    """(time, lots); cent lots are a hundredth."""


def alerts_truth(world: World) -> pl.DataFrame:
    """Alerts per client over all of its accounts; those without a client are not monitored."""
    watched: dict[int, _Watched] = defaultdict(_Watched)
    for server_ms, client, code, amount, is_deposit in sorted(_movements(world)):
        rate = world.rates.scaled_cross(code, "USD", server_ms // DAY_MS) / 1e12
        of_client = watched[client]
        side = of_client.deposits if is_deposit else of_client.withdrawals
        side.append(_Movement(server_ms, amount * rate))
    for client, server_ms, lots in _trades(world):
        watched[client].trades.append((server_ms, lots))
    rows = [
        (
            world.tenant, alert.scenario, client_id(client), day_of(alert.first_ms // DAY_MS),
            day_of(alert.last_ms // DAY_MS),
        )
        for client, one in watched.items()
        for alert in (
            *_structuring(one.deposits),
            *_rapid(one.deposits, one.withdrawals),
            *_without_trading(one.deposits, one.withdrawals, one.trades),
        )
    ]  # fmt: skip
    return pl.DataFrame(
        rows,
        schema={"tenant_id": pl.String, "scenario": pl.String, "client_id": pl.String,
                "first_date": pl.Date, "last_date": pl.Date},
        orient="row",
    ).sort("scenario", "client_id")  # fmt: skip


def _movements(world: World) -> Iterator[tuple[int, int, str, float, bool]]:
    """(time, client, main currency, amount above zero, whether it came in)."""
    population = world.population
    for operation in world.cash.operations:
        client = int(population.client[operation.account])
        if operation.request and client >= 0:
            code = main_currency(population.currency[operation.account])
            amount = float(main_amount(operation, population))
            yield operation.server_ms, client, code, amount, operation.amount > 0
    if world.tenant == TENANT:
        for request in platform_requests(world):
            yield (
                request.server_ms, request.account.client, request.currency,
                float(request.amount), request.is_deposit,
            )  # fmt: skip


def _trades(world: World) -> Iterator[tuple[int, int, float]]:
    """(client, time, lots) of every trade of a client's account."""
    population = world.population
    deals = world.deals.filter((pl.col("action") <= 1) & ~pl.col("reason").is_in([6, 8])).select(
        "account", "server_ms", "volume"
    )
    account = deals["account"].to_numpy()
    lots = deals["volume"].to_numpy() / 100.0 / population.cents[account]
    yield from _of_clients(population.client[account], deals["server_ms"].to_numpy(), lots)
    if world.tenant == TENANT:
        yield from _platform_trades(world)


def _platform_trades(world: World) -> Iterator[tuple[int, int, float]]:
    owner = {(one.server_id, one.login): one.client for one in platform_accounts(world)}
    mt4 = build_mt4(world)
    trades, accounts = mt4.trades, mt4.accounts
    clients = np.array([owner[MT4_SERVER, login] for login in accounts.login.tolist()])
    lots = trades.volume / 100.0 / accounts.cents[trades.account]
    for moment, happened in ((trades.opened_ms, True), (trades.closed_ms, ~trades.is_open)):
        rows = np.flatnonzero(~trades.is_deleted & happened)
        yield from _of_clients(clients[trades.account[rows]], moment[rows], lots[rows])
    ctrader = build_ctrader(world)
    deals, population = ctrader.deals, ctrader.population
    clients = np.array([owner[CTRADER_SERVER, login] for login in population.login.tolist()])
    yield from _of_clients(clients[deals.account], to_server_ms(deals.at), deals.filled / 100.0)


def _of_clients(
    client: IntArray, server_ms: IntArray, lots: FloatArray
) -> Iterator[tuple[int, int, float]]:
    known = client >= 0
    yield from zip(
        client[known].tolist(), server_ms[known].tolist(), lots[known].tolist(), strict=True
    )
