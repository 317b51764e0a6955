"""The truth about transaction monitoring: the three plain rules applied to plain lists."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, HOUR_MS, day_of
from ingestion.simulator.crm import main_amount
from ingestion.simulator.market import main_currency
from ingestion.simulator.population import client_id
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


def alerts_truth(world: World) -> pl.DataFrame:
    """Alerts per client's account; accounts without a client are not monitored."""
    population = world.population
    deposits: dict[int, list[_Movement]] = defaultdict(list)
    withdrawals: dict[int, list[_Movement]] = defaultdict(list)
    for operation in sorted(world.cash.operations, key=lambda item: item.server_ms):
        if not operation.request:
            continue
        code = main_currency(population.currency[operation.account])
        rate = world.rates.scaled_cross(code, "USD", operation.server_ms // DAY_MS) / 1e12
        movement = _Movement(operation.server_ms, float(main_amount(operation, population)) * rate)
        (deposits if operation.amount > 0 else withdrawals)[operation.account].append(movement)
    rows = []
    for account in sorted(deposits):
        trades = _trades(world, account) if withdrawals[account] else []
        found = [
            *_structuring(deposits[account]),
            *_rapid(deposits[account], withdrawals[account]),
            *_without_trading(deposits[account], withdrawals[account], trades),
        ]
        for alert in found:
            rows.append(
                (
                    world.tenant, alert.scenario, client_id(int(population.client[account])),
                    world.server_id,
                    int(population.login[account]), day_of(alert.first_ms // DAY_MS),
                    day_of(alert.last_ms // DAY_MS),
                )
            )  # fmt: skip
    return pl.DataFrame(
        rows,
        schema={"tenant_id": pl.String, "scenario": pl.String, "client_id": pl.String,
                "server_id": pl.String, "login": pl.Int64, "first_date": pl.Date,
                "last_date": pl.Date},
        orient="row",
    ).sort("scenario", "login")  # fmt: skip


def _trades(world: World, account: int) -> list[tuple[int, float]]:
    """(time, lots) of an account's trades; cent lots are a hundredth."""
    deals = world.deals.filter(
        (pl.col("account") == account) & (pl.col("action") <= 1) & ~pl.col("reason").is_in([6, 8])
    ).select("server_ms", "volume")
    lots = deals["volume"].to_numpy() / 100.0 / int(world.population.cents[account])
    return list(zip(deals["server_ms"].to_list(), np.asarray(lots).tolist(), strict=True))
