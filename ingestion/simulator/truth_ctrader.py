"""What the cTrader server's figures must come to."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray
from ingestion.simulator.ctrader_accounts import SERVER_ID
from ingestion.simulator.ctrader_messages import volume_cents
from ingestion.simulator.ctrader_world import (
    FIRST_POSITION,
    CtraderWorld,
    build_ctrader,
)
from ingestion.simulator.exact_money import exact
from ingestion.simulator.world import World

TENANT = "demo"
_STATUSES = {
    2: "filled",
    3: "partially_filled",
    4: "rejected",
    5: "internally_rejected",
    6: "error",
    7: "missed",
}


def ctrader_truth(world: World) -> dict[str, pl.DataFrame]:
    """Balances by day, totals by account, deals by status, open positions."""
    server = build_ctrader(world)
    return {
        "ctrader_account_days": _account_days(server),
        "ctrader_accounts": _accounts(server),
        "ctrader_deal_statuses": _deal_statuses(server),
        "ctrader_open_positions": _open_positions(server),
    }


def _account_days(server: CtraderWorld) -> pl.DataFrame:
    """The balance after the last change of each account and UTC day on which there was one."""
    deals = server.deals
    closing = np.flatnonzero(deals.is_closing)
    flows = server.flows
    changes = pl.DataFrame(
        {
            "account": np.concatenate([deals.account[closing], [f.account for f in flows]]),
            "day": np.concatenate([deals.at[closing], [f.at for f in flows]]) // DAY_MS,
            "version": np.concatenate([deals.version[closing], [f.version for f in flows]]),
            "balance": np.concatenate([deals.balance[closing], [f.balance for f in flows]]),
        },
        schema=dict.fromkeys(("account", "day", "version", "balance"), pl.Int64()),
    )
    last = changes.sort("account", "day", "version").group_by(
        "account", "day", maintain_order=True
    ).last()  # fmt: skip
    account = last["account"].to_numpy()
    return pl.DataFrame(
        {
            **_keys(server, account),
            "utc_date": last["day"].cast(pl.Int32).cast(pl.Date),
            "balance": exact(last["balance"].to_numpy(), _digits(server, account)),
        }
    )


def _accounts(server: CtraderWorld) -> pl.DataFrame:
    deals, size = server.deals, server.population.size
    every = np.arange(size, dtype=np.int64)
    digits = _digits(server, every)

    def total(values: IntArray) -> pl.Series:
        sums = np.zeros(size, dtype=np.int64)
        np.add.at(sums, deals.account[deals.is_closing], values[deals.is_closing])
        return exact(sums, digits)

    return pl.DataFrame(
        {
            **_keys(server, every),
            "balance": exact(server.balance, digits),
            "balance_version": server.version,
            "non_withdrawable_bonus": exact(server.bonus, digits),
            "gross_profit": total(deals.gross_profit),
            "swap": total(deals.swap),
            "commission": total(deals.close_commission),
            "conversion_fee": total(deals.conversion_fee),
        }
    )


def _deal_statuses(server: CtraderWorld) -> pl.DataFrame:
    deals = server.deals
    cents = [
        volume_cents(symbol, filled)
        for symbol, filled in zip(deals.symbol.tolist(), deals.filled.tolist(), strict=True)
    ]
    counted = (
        pl.DataFrame({"account": deals.account, "code": deals.status, "cents": cents})
        .group_by("account", "code")
        .agg(pl.len().alias("deals"), pl.col("cents").sum())
        .sort("account", "code")
    )
    account = counted["account"].to_numpy()
    return pl.DataFrame(
        {
            **_keys(server, account),
            "status": counted["code"].replace_strict(_STATUSES, return_dtype=pl.String),
            "deals": counted["deals"].cast(pl.Int64),
            "filled_units": exact(counted["cents"].to_numpy(), np.full(len(account), 2)),
        }
    )


def _open_positions(server: CtraderWorld) -> pl.DataFrame:
    held = server.held
    lots = exact(np.abs(held.volume), np.full(len(held.volume), 2))
    return pl.DataFrame(
        {
            **_keys(server, held.account),
            "position_id": held.position + FIRST_POSITION,
            "lots": lots,
            "swap": exact(held.storage, _digits(server, held.account)),
        }
    )


def _keys(server: CtraderWorld, account: IntArray) -> dict[str, object]:
    return {
        "tenant_id": pl.Series([TENANT] * len(account), dtype=pl.String),
        "server_id": pl.Series([SERVER_ID] * len(account), dtype=pl.String),
        "login": server.population.login[account],
    }


def _digits(server: CtraderWorld, account: IntArray) -> IntArray:
    return server.population.currency_digits[account]
