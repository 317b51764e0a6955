"""What the MetaTrader 4 server's figures must come to, by the simulator's own sums."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import IntArray
from ingestion.simulator.exact_money import exact
from ingestion.simulator.mt4_accounts import GROUPS, SERVER_ID
from ingestion.simulator.mt4_days import build_mt4, reported
from ingestion.simulator.mt4_trades import NONE
from ingestion.simulator.world import World

_TENANT = "demo"


def mt4_truth(world: World) -> dict[str, pl.DataFrame]:
    """Every account and day, and every account at the end: what the books must come to."""
    server = build_mt4(world)
    days, accounts = server.days, server.accounts
    account, row = reported(world, accounts)
    digits = accounts.digits[account]
    result = days.profit + days.swap + days.commission

    def money(table: IntArray) -> pl.Series:
        return exact(table[account, row], digits)

    before = days.balance - days.operations - result
    by_day = {
        "tenant_id": _TENANT, "server_id": SERVER_ID, "login": accounts.login[account],
        "business_date": pl.Series(row + world.window.first).cast(pl.Int32).cast(pl.Date),
        "events": days.events[account, row], "previous_balance": money(before),
        "operations": money(days.operations), "profit": money(days.profit),
        "swap": money(days.swap), "commission": money(days.commission),
        "closed_result": money(result), "balance": money(days.balance),
        "floating": money(days.floating + days.accrued),
    }  # fmt: skip
    trades = server.trades
    counted = np.flatnonzero(~trades.is_deleted)

    def tickets(mask: np.ndarray) -> IntArray:
        chosen = counted[mask[counted]]
        return np.bincount(trades.account[chosen], minlength=accounts.size).astype(np.int64)

    at_end = {
        "tenant_id": _TENANT, "server_id": SERVER_ID, "login": accounts.login,
        "account_currency": [GROUPS[g].currency for g in accounts.group],
        "closed_trades": tickets(~trades.is_open), "open_trades": tickets(trades.is_open),
        "rests": tickets(trades.origin != NONE),
        "balance": exact(days.balance[:, -1], accounts.digits),
        "credit": exact(days.credit[:, -1], accounts.digits),
    }  # fmt: skip
    return {"mt4_account_days": pl.DataFrame(by_day), "mt4_accounts": pl.DataFrame(at_end)}
