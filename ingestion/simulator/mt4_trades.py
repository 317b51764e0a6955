"""The trades of the MetaTrader 4 server: hedging only, one row a ticket.

A partial close leaves the ticket with the volume that was closed and gives the rest a new ticket
with the same opening. Profit is settled as on the other server; swap accrues at each weekday's
end, three days' worth on Wednesday, except where the CRM posts it as balance operations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ingestion.simulator.clock import DAY_MS, HOUR_MS, IntArray, Window, into_trading_time
from ingestion.simulator.closing_rates import ClosingRates
from ingestion.simulator.mt4_accounts import GROUPS, Mt4Accounts
from ingestion.simulator.settlement import (
    SymbolArrays,
    divide_half_away,
    raw_profit,
    swap_nights,
    to_account,
)
from ingestion.simulator.world import World, stream

TRADES_PER_ACCOUNT_DAY = 2
NONE = -1
_SOURCES = np.array([0, 0, 1, 5, 6])


@dataclass(frozen=True)
class Mt4Trades:
    """Positions, one entry a ticket; times are server-clock ms, money minor units."""

    account: IntArray
    symbol: IntArray
    side: IntArray
    volume: IntArray
    opened_ms: IntArray
    closed_ms: IntArray
    """End of the window for those that are still open."""
    placed_ms: IntArray
    """When the ticket was given: earlier than the opening for a pending order that was filled."""
    changed_ms: IntArray
    origin: IntArray
    """Index of the trade this one is the rest of, or NONE."""
    rest: IntArray
    """Index of the trade that is the rest of this one, or NONE."""
    open_points: IntArray
    close_points: IntArray
    profit: IntArray
    swap: IntArray
    commission: IntArray
    rate: IntArray
    """Account currency per profit currency at the close, 1e-8."""
    is_open: np.ndarray
    reason: IntArray
    is_deleted: np.ndarray
    """Somebody deleted it on the server: its ticket is missing."""

    @property
    def size(self) -> int:
        """How many tickets there are, the deleted one included."""
        return len(self.account)


class Mt4Settlement:
    """What trades come to at a moment, with the prices of the world."""

    def __init__(self, world: World, accounts: Mt4Accounts) -> None:
        self._window = world.window
        self._book = world.book
        self._accounts = accounts
        self._symbols = SymbolArrays.of_market()
        self._commission = np.array([spec.commission_per_lot for spec in GROUPS])
        # Swap days of all days up to each one, from the day before the window.
        self._nights = np.concatenate([[0], np.cumsum(swap_nights(world.window.all_days()))])
        self._closing = ClosingRates(
            world.window, world.book,
            [GROUPS[group].currency for group in accounts.group], accounts.cents,
        )  # fmt: skip

    def quote(self, symbol: IntArray, server_ms: IntArray, side: IntArray) -> IntArray:
        """Ask where ``side`` is above zero, else bid, in points."""
        return self._book.quote_points(symbol, server_ms, side)

    def rate(self, symbol: IntArray, account: IntArray, server_ms: IntArray) -> IntArray:
        """Account currency per profit currency, integer of 1e-8."""
        plain = self._book.profit_rate(
            self._symbols.profit_walk[symbol], self._accounts.walk[account], server_ms
        )
        return np.asarray(plain * self._accounts.cents[account])

    def closing_rate(self, symbol: IntArray, account: IntArray, day: IntArray) -> IntArray:
        """The same at the close of a day, by the closing quotes."""
        return self._closing.rate(symbol, account, day)

    def money(
        self, symbol: IntArray, account: IntArray, points: IntArray, volume: IntArray,
        rate: IntArray,
    ) -> IntArray:  # fmt: skip
        """A price move on a signed volume in the account's minor units."""
        raw = raw_profit(self._symbols, symbol, points, volume)
        return to_account(
            raw, rate, self._symbols.profit_digits[symbol], self._accounts.digits[account]
        )

    def swap(
        self, symbol: IntArray, account: IntArray, volume: IntArray, rate: IntArray,
        first_day: IntArray, end_day: IntArray,
    ) -> IntArray:  # fmt: skip
        """Swap of the days from ``first_day`` up to the one before ``end_day``."""
        nights = (
            self._nights[end_day - self._window.first]
            - self._nights[first_day - self._window.first]
        )
        return self._closing.swap(symbol, volume, rate, nights, self._accounts.digits[account])

    def commission(self, account: IntArray, volume: IntArray) -> IntArray:
        """Charged at the opening for both sides, negative."""
        per_lot = self._commission[self._accounts.group[account]]
        scaled = np.rint(per_lot * 10.0 ** self._accounts.digits[account]).astype(np.int64)
        return -divide_half_away(scaled * volume, 100)


def build_trades(world: World, accounts: Mt4Accounts, settlement: Mt4Settlement) -> Mt4Trades:
    """Draw and settle the trades; one of them was deleted, one arrived days after its close."""
    rng = stream(world.seed, "mt4 trades")
    window = world.window
    days = window.trading_days()
    count = TRADES_PER_ACCOUNT_DAY * accounts.size * len(days)
    account = rng.integers(0, accounts.size, count)
    first = np.searchsorted(days, accounts.registered_ms[account] // DAY_MS + 1)
    row = first + (rng.random(count) * (len(days) - first)).astype(np.int64)
    opened = days[row] * DAY_MS + rng.integers(HOUR_MS, 23 * HOUR_MS, count)
    hours = np.where(
        rng.random(count) < 0.75, rng.lognormal(0.5, 1.0, count), rng.lognormal(3.6, 0.8, count)
    )
    closed = into_trading_time(opened + np.maximum((hours * HOUR_MS).astype(np.int64), 30_000))
    volume = accounts.draw_volumes(account, rng)
    # However few there are, the newest two are still open at the end.
    closed[np.argsort(opened, kind="stable")[-2:]] = window.end_ms
    # Seconds are all that the platform keeps.
    opened, closed = opened // 1000 * 1000, closed // 1000 * 1000
    symbol = accounts.draw_symbols(account, rng)
    side = np.where(rng.random(count) < 0.52, 1, -1)
    waited = np.where(rng.random(count) < 0.1, rng.integers(HOUR_MS, 20 * HOUR_MS, count), 0)
    reason = rng.choice(_SOURCES, count)

    split = np.flatnonzero((rng.random(count) < 0.12) & (volume >= 2))
    middle = opened[split] + (closed[split] - opened[split]) // 2000 * 1000
    middle = np.maximum(into_trading_time(middle), opened[split] + 1000)
    inside = (middle < closed[split]) & (middle < window.end_ms)
    split, middle = split[inside], middle[inside]
    part = volume[split] // 2
    rest = count + np.arange(len(split))
    origin = np.full(count + len(split), NONE, dtype=np.int64)
    origin[rest] = split
    successor = np.full(count + len(split), NONE, dtype=np.int64)
    successor[split] = rest

    def with_rest(values: IntArray) -> IntArray:
        return np.concatenate([values, values[split]])

    closed, volume = with_rest(closed), with_rest(volume)
    closed[split] = middle
    volume[split] = part
    volume[rest] -= part
    placed = np.concatenate([opened - waited, middle])
    return _settled(
        window, accounts, settlement, with_rest(account), with_rest(symbol), with_rest(side),
        volume, with_rest(opened), closed, placed, origin, successor, with_rest(reason),
    )  # fmt: skip


def _settled(
    window: Window, accounts: Mt4Accounts, settlement: Mt4Settlement, account: IntArray,
    symbol: IntArray, side: IntArray, volume: IntArray, opened: IntArray, closed: IntArray,
    placed: IntArray, origin: IntArray, successor: IntArray, reason: IntArray,
) -> Mt4Trades:  # fmt: skip
    is_open = closed >= window.end_ms
    # An open trade shows what it would come to at the last quote.
    moment = np.where(is_open, window.end_ms - 1000, closed)
    open_points = settlement.quote(symbol, opened, side)
    close_points = settlement.quote(symbol, moment, -side)
    rate = settlement.rate(symbol, account, moment)
    signed = side * volume
    swap = settlement.swap(symbol, account, signed, rate, opened // DAY_MS, moment // DAY_MS)
    trades = Mt4Trades(
        account=account, symbol=symbol, side=side, volume=volume, opened_ms=opened,
        closed_ms=np.where(is_open, window.end_ms, closed), placed_ms=placed,
        changed_ms=moment, origin=origin, rest=successor, open_points=open_points,
        close_points=close_points,
        profit=settlement.money(symbol, account, close_points - open_points, signed, rate),
        swap=np.where(accounts.posts_swap[account] == 1, 0, swap),
        commission=settlement.commission(account, volume), rate=rate, is_open=is_open,
        reason=reason, is_deleted=np.zeros(len(account), dtype=bool),
    )  # fmt: skip
    return _corrected(window, trades)


def _corrected(window: Window, trades: Mt4Trades) -> Mt4Trades:
    """One trade is deleted by a manager; one comes in two days after it was closed."""
    whole = ~trades.is_open & (trades.origin == NONE) & (trades.rest == NONE)
    early = np.flatnonzero(whole & (trades.closed_ms < window.end_ms - 4 * DAY_MS))
    deleted, late = int(early[len(early) // 3]), int(early[2 * len(early) // 3])
    is_deleted = trades.is_deleted.copy()
    is_deleted[deleted] = True
    arrival = int(trades.closed_ms[late]) + 2 * DAY_MS
    placed, changed = trades.placed_ms.copy(), trades.changed_ms.copy()
    placed[late] = changed[late] = arrival
    return replace(trades, is_deleted=is_deleted, placed_ms=placed, changed_ms=changed)
