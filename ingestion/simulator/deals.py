"""The broker's deals: trades and cash in one frame, numbered in the order they arrived.

Money is Int64 minor units of the account currency, prices Int64 points, volumes Int64 hundredths
of a lot. This frame is what the platform's tables and the truth are both derived from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.cash import CashOperation
from ingestion.simulator.clock import IntArray
from ingestion.simulator.market import GROUPS, SYMBOLS
from ingestion.simulator.population import Population
from ingestion.simulator.prices import RATE_DIGITS
from ingestion.simulator.settlement import REASON_SL, REASON_TP, Settled, divide_half_away

FIRST_DEAL = 1_000_001
FIRST_ORDER = 5_000_001
BUY_CANCELLED = 13
ENTRY_CLOSED_BY = 3
US500 = [spec.symbol for spec in SYMBOLS].index("US500")


@dataclass(frozen=True)
class LateArrival:
    """Position whose deals reached the platform long after they happened."""

    position: int
    arrival_ms: int


def _trade_frame(settled: Settled, population: Population, late: LateArrival) -> pl.DataFrame:
    events = settled.events
    group = population.group[events.account]
    digits = population.currency_digits[events.account]
    opened = np.abs(events.volume) - settled.closed_volume
    per_lot = np.array([spec.commission_per_lot for spec in GROUPS])[group]
    fee = np.array([spec.fee_per_lot for spec in GROUPS])[group] * (events.symbol == US500)
    arrival = np.where(events.position == late.position, late.arrival_ms, events.server_ms)
    arrival = arrival + np.where((events.position == late.position) & (settled.entry != 0), 35, 0)

    def charged(rate: np.ndarray) -> IntArray:
        return -divide_half_away(opened * np.rint(rate * 100).astype(np.int64) * 10**digits, 10_000)

    stopped = np.isin(events.reason, (REASON_SL, REASON_TP))
    return pl.DataFrame(
        {
            "arrival_ms": arrival,
            "server_ms": events.server_ms,
            "account": events.account,
            "action": (events.volume < 0).astype(np.int64),
            "entry": settled.entry,
            "reason": events.reason,
            "symbol": events.symbol,
            "price": settled.price,
            "price_position": settled.price_position,
            "price_stop": np.where(stopped, settled.price, 0),
            "volume": np.abs(events.volume),
            "closed_volume": settled.closed_volume,
            "profit": settled.profit,
            "storage": settled.storage,
            "commission": charged(per_lot),
            "fee": charged(fee),
            "raw": settled.profit_raw,
            "rate": settled.rate,
            "position": events.position,
        }
    ).with_columns(
        comment=pl.when(pl.col("reason") == 5).then(pl.lit("so: 46.8%"))
        .when(pl.col("reason") == REASON_SL).then(pl.lit("[sl]"))
        .when(pl.col("reason") == REASON_TP).then(pl.lit("[tp]"))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def _cash_frame(operations: list[CashOperation], schema: pl.Schema) -> pl.DataFrame:
    zeros = {
        name: 0 for name in schema if name not in ("arrival_ms", "server_ms", "account", "action")
    }
    rows = [
        zeros
        | {
            "arrival_ms": operation.server_ms,
            "server_ms": operation.server_ms,
            "account": operation.account,
            "action": operation.action,
            "reason": 2,
            "symbol": -1,
            "profit": operation.amount,
            "position": -1,
            "comment": operation.comment,
        }
        for operation in operations
    ]
    return pl.DataFrame(rows, schema=schema)


def cancelled_deal(account: int, server_ms: int, symbol: int, price: int) -> dict[str, int | str]:
    """An external deal taken back: its type switched to 13, its profit zero."""
    return {
        "arrival_ms": server_ms,
        "server_ms": server_ms,
        "account": account,
        "action": BUY_CANCELLED,
        "reason": 9,
        "symbol": symbol,
        "price": price,
        "volume": 10,
        "rate": 10**RATE_DIGITS,
        "position": -1,
        "comment": "cancelled",
    }


def number_deals(
    settled: Settled, population: Population, late: LateArrival,
    operations: list[CashOperation], extra: dict[str, int | str],
) -> pl.DataFrame:  # fmt: skip
    """Every deal once, ordered and numbered by arrival; positions take their first order's id."""
    trades = _trade_frame(settled, population, late)
    extra_row = pl.DataFrame([dict.fromkeys(trades.schema, 0) | extra], schema=trades.schema)
    parts = [trades, _cash_frame(operations, trades.schema), extra_row]
    deals = pl.concat(parts).sort("arrival_ms", "account", "position", "server_ms", "action")
    is_order = pl.col("symbol") >= 0
    deals = deals.with_columns(
        deal=FIRST_DEAL + pl.int_range(pl.len(), dtype=pl.Int64),
        order=pl.when(is_order)
        .then(FIRST_ORDER - 1 + is_order.cast(pl.Int64).cum_sum())
        .otherwise(0),
        modify_flags=pl.lit(0, pl.Int64),
        changed_ms=pl.col("arrival_ms"),
        login=pl.Series(population.login)[deals["account"]],
    )
    ticket = pl.col("order").min().over("position")
    return deals.with_columns(
        position_id=pl.when(pl.col("position") >= 0)
        .then(ticket)
        .when(is_order)
        .then(pl.col("order"))
        .otherwise(0)
    )


def with_operations(
    deals: pl.DataFrame, population: Population, operations: list[CashOperation]
) -> pl.DataFrame:
    """Numbered deals with operations among them: each later deal's number moves up."""
    if not operations:
        return deals
    order = ["arrival_ms", "account", "position", "server_ms", "action", "deal"]
    added = _cash_frame(operations, pl.Schema({**deals.schema})).with_columns(
        changed_ms=pl.col("arrival_ms"),
        login=pl.Series(population.login)[[operation.account for operation in operations]],
    )
    return (
        pl.concat([deals, added.select(deals.columns)])
        .sort(order)
        .with_columns(deal=FIRST_DEAL + pl.int_range(pl.len(), dtype=pl.Int64))
    )
