"""Account by day: what moved, what it came to, what stayed open. Plain sums over the deals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray, Window
from ingestion.simulator.population import Population
from ingestion.simulator.settlement import OpenAtClose

COMPONENTS = (
    "deposits", "withdrawals", "internal_transfers", "closed_pnl", "swap", "commission", "fees",
    "agent_commission", "interest", "dividends", "taxes", "charges", "corrections", "bonus",
    "stop_out_compensation",
)  # fmt: skip
_COMPONENT_OF_ACTION = {
    0: "closed_pnl", 1: "closed_pnl", 4: "charges", 5: "corrections", 12: "interest",
    15: "dividends", 17: "taxes", 18: "agent_commission", 19: "stop_out_compensation",
}  # fmt: skip


@dataclass(frozen=True)
class AccountDays:
    """Dense [account, day] arrays of minor units; day 0 is the window's first."""

    components: dict[str, IntArray]
    credit_change: IntArray
    deal_count: IntArray
    floating: IntArray
    floating_swap: IntArray
    open_positions: IntArray

    @property
    def closing(self) -> IntArray:
        """Balance at each close, as the books state it: everything that happened by then."""
        moved = sum((self.components[name] for name in COMPONENTS), np.int64(0))
        return np.cumsum(moved, axis=1)

    @property
    def closing_credit(self) -> IntArray:
        return np.cumsum(self.credit_change, axis=1)

    @property
    def has_row(self) -> np.ndarray:
        """Days on which anything moved or a position was open at the close."""
        return np.asarray((self.deal_count > 0) | (self.open_positions > 0))


def component_of(action: int, amount: int, comment: str) -> str:
    """The roll-forward component of a deal's Profit; '' for credit and cancelled deals."""
    if action == 2:
        if comment.startswith("IT "):
            return "internal_transfers"
        return "deposits" if amount > 0 else "withdrawals"
    return _COMPONENT_OF_ACTION.get(action, "")


def opening(closing: IntArray) -> IntArray:
    """The close of the day before; zero before the first day."""
    return np.concatenate([np.zeros((len(closing), 1), dtype=np.int64), closing[:, :-1]], axis=1)


def sum_days(
    deals: pl.DataFrame, held: OpenAtClose, population: Population, window: Window
) -> AccountDays:
    """Add up deals by the server day they happened on, and positions by the close they saw."""
    shape = (population.size, window.days)

    def total(cell: IntArray, amount: IntArray | None = None) -> IntArray:
        if amount is None:
            return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        out = np.zeros(shape[0] * shape[1], dtype=np.int64)
        np.add.at(out, cell, amount)
        return out.reshape(shape)

    account = deals["account"].to_numpy()
    cell = account * window.days + deals["server_ms"].to_numpy() // DAY_MS - window.first
    action, profit = deals["action"].to_numpy(), deals["profit"].to_numpy()
    components = {name: np.zeros(shape, dtype=np.int64) for name in COMPONENTS}
    trade = action <= 1
    components["closed_pnl"] = total(cell[trade], profit[trade])
    for name, column in (("swap", "storage"), ("commission", "commission"), ("fees", "fee")):
        components[name] = total(cell, deals[column].to_numpy())
    rest = np.flatnonzero(~trade & (action != 3))
    comments = deals["comment"].gather(rest).to_list()
    for row, comment in zip(rest.tolist(), comments, strict=True):
        name = component_of(int(action[row]), int(profit[row]), comment)
        if name:
            components[name].reshape(-1)[cell[row]] += profit[row]
    credit = action == 3
    held_cell = held.account * window.days + held.day - window.first
    return AccountDays(
        components=components,
        credit_change=total(cell[credit], profit[credit]),
        deal_count=total(cell),
        floating=total(held_cell, held.profit),
        floating_swap=total(held_cell, held.storage),
        open_positions=total(held_cell),
    )
