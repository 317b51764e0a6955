"""The broker's cTrader server: its accounts, trades and cash, settled like those of MT5.

Sizes are a quarter of the MT5 server's. Positions are drawn and settled by the same market; what
differs is cTrader's own: a closing deal realises commission for entry and exit, results in another
currency cost a conversion fee, every change of a balance has a version, and deals that were turned
down stay in the list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ingestion.simulator.clock import DAY_MS, IntArray, Window, to_utc_ms
from ingestion.simulator.closing_rates import ClosingRates
from ingestion.simulator.ctrader_accounts import (
    BONUS,
    BONUS_OUT,
    CashFlow,
    build_accounts,
    build_cash,
)
from ingestion.simulator.lifecycles import (
    ADDED,
    CLOSE_BY,
    REVERSED,
    SIMPLE,
    build_events,
    draw_positions,
)
from ingestion.simulator.market import GROUPS, SYMBOLS, main_currency
from ingestion.simulator.population import Population
from ingestion.simulator.settlement import OpenAtClose, Settlement, divide_half_away
from ingestion.simulator.world import World, stream

BROKER = "harbour"
FIRST_ACCOUNT = 41_000_001
FIRST_POSITION, FIRST_DEAL, FIRST_ORDER, FIRST_BALANCE_HISTORY = (
    60_000_001, 80_000_001, 90_000_001, 70_000_001,
)  # fmt: skip
FILLED, PARTIALLY_FILLED, REJECTED, INTERNALLY_REJECTED, ERROR, MISSED = 2, 3, 4, 5, 6, 7
MOST_POSITIONS = 20_000
_TURNED_DOWN = np.array([REJECTED, REJECTED, INTERNALLY_REJECTED, ERROR, MISSED])
# Of a result that was converted into the deposit currency, in tenths of a per cent.
_CONVERSION_FEE_PER_MILLE = 5


@dataclass(frozen=True)
class Deals:
    """One row a deal, in the order of their ids. Money in minor units, times in ms UTC."""

    account: IntArray
    position: IntArray
    symbol: IntArray
    buys: np.ndarray
    volume: IntArray
    """Asked for, in hundredths of a lot."""
    filled: IntArray
    status: IntArray
    at: IntArray
    price: IntArray
    """Points."""
    commission: IntArray
    is_closing: np.ndarray
    closed: IntArray
    entry_price: IntArray
    gross_profit: IntArray
    swap: IntArray
    close_commission: IntArray
    conversion_fee: IntArray
    rate: IntArray
    opened_at: IntArray
    balance: IntArray
    version: IntArray

    @property
    def count(self) -> int:
        return len(self.account)


@dataclass(frozen=True)
class CtraderWorld:
    """The server as it is at the end of the window."""

    window: Window
    population: Population
    deals: Deals
    flows: list[CashFlow]
    closes: OpenAtClose
    """Open positions at every close."""
    balance: IntArray
    version: IntArray
    bonus: IntArray

    @property
    def held(self) -> OpenAtClose:
        """Open positions at the last close."""
        last = self.closes.day == self.window.last
        names = OpenAtClose.__dataclass_fields__
        return OpenAtClose(*(getattr(self.closes, name)[last] for name in names))


def build_ctrader(world: World) -> CtraderWorld:
    """Simulate the cTrader server of a broker. Deterministic in the broker."""
    rng = stream(world.seed, "ctrader")
    window = world.window
    population = build_accounts(world)
    # Whoever changes the main server's past leaves this one as it is.
    known = world.deals if world.hedged is None else world.hedged
    wanted = int((known["action"] <= 1).sum()) // 8
    draft = draw_positions(
        window, population, min(max(wanted, 3 * population.size), MOST_POSITIONS),
        population.registered_ms // DAY_MS, np.full(population.size, 8_000.0), world.rates, rng,
    )  # fmt: skip
    # A reversal is two deals here, and positions are not closed by one another.
    family = np.where(draft.family == REVERSED, ADDED, draft.family)
    draft = replace(draft, family=np.where(family == CLOSE_BY, SIMPLE, family))
    events, _ = build_events(window, population, draft, world.book, rng)
    closing = ClosingRates(window, world.book, population.currency, population.cents)
    settled, held = Settlement(window, population, world.book, closing).settle(events)

    e = settled.events
    volume = np.abs(e.volume)
    per_side = np.array([spec.commission_per_lot for spec in GROUPS])[population.group]
    digits = population.currency_digits

    def charged(lots: IntArray, account: IntArray) -> IntArray:
        rate = np.rint(per_side[account] * 100).astype(np.int64) * 10 ** digits[account]
        return -divide_half_away(lots * rate, 10_000)

    foreign = np.array(
        [
            [spec.profit != main_currency(GROUPS[g].currency) for spec in SYMBOLS]
            for g in population.group
        ]
    )
    fee = -divide_half_away(np.abs(settled.profit) * _CONVERSION_FEE_PER_MILLE, 1000)
    first_open = np.zeros(int(e.position.max()) + 1, dtype=np.int64)
    first_open[e.position[::-1]] = to_utc_ms(e.server_ms)[::-1]
    zero = np.zeros(len(volume), dtype=np.int64)
    deals = Deals(
        account=e.account,
        position=e.position,
        symbol=e.symbol,
        buys=e.volume > 0,
        volume=volume,
        filled=volume,
        status=np.full(len(volume), FILLED),
        at=to_utc_ms(e.server_ms),
        price=settled.price,
        commission=charged(volume, e.account),
        is_closing=settled.closed_volume > 0,
        closed=settled.closed_volume,
        entry_price=settled.price_position,
        gross_profit=settled.profit,
        swap=settled.storage,
        close_commission=2 * charged(settled.closed_volume, e.account),
        conversion_fee=np.where(foreign[e.account, e.symbol], fee, 0),
        rate=settled.rate,
        opened_at=first_open[e.position],
        balance=zero,
        version=zero,
    )
    deals = _in_order(_with_turned_down(deals, rng))
    return _balanced(window, population, deals, build_cash(world, population), held)


def _with_turned_down(deals: Deals, rng: np.random.Generator) -> Deals:
    """A few deals of opening orders that never traded, and orders that were filled in part."""
    names = list(Deals.__dataclass_fields__)
    opening = np.flatnonzero(~deals.is_closing)
    part = opening[rng.random(len(opening)) < 0.03]
    asked, status = deals.volume.copy(), deals.status.copy()
    asked[part] += rng.integers(1, 50, len(part))
    status[part] = PARTIALLY_FILLED
    deals = replace(deals, volume=asked, status=status)
    # Two at least, so that the smallest broker has some.
    count = min(max(len(opening) // 40, 2), len(opening))
    copied = rng.choice(opening, count, replace=False)
    down = {name: getattr(deals, name)[copied] for name in names}
    nothing = np.zeros(count, dtype=np.int64)
    down |= {
        "filled": nothing,
        "commission": nothing,
        "status": _TURNED_DOWN[np.arange(count) % len(_TURNED_DOWN)],
        "at": down["at"] - 1_500,
        "position": deals.position.max() + 1 + np.arange(count),
    }
    return Deals(*(np.concatenate([getattr(deals, name), down[name]]) for name in names))


def _in_order(deals: Deals) -> Deals:
    order = np.lexsort((deals.position, deals.at))
    return Deals(*(getattr(deals, name)[order] for name in Deals.__dataclass_fields__))


def _balanced(
    window: Window, population: Population, deals: Deals, flows: list[CashFlow], held: OpenAtClose
) -> CtraderWorld:
    """Number every change of each balance and say what it left."""
    closing = np.flatnonzero(deals.is_closing)
    realised = (deals.gross_profit + deals.swap + deals.close_commission + deals.conversion_fee)[
        closing
    ]
    credit = np.array([flow.operation in (BONUS, BONUS_OUT) for flow in flows])
    paid = np.array([flow.amount for flow in flows], dtype=np.int64)
    account = np.concatenate([deals.account[closing], [flow.account for flow in flows]])
    at = np.concatenate([deals.at[closing], [flow.at for flow in flows]])
    amount = np.concatenate([realised, np.where(credit, 0, paid)])
    order = np.lexsort((np.arange(len(at)), at, account))
    total = np.cumsum(amount[order])
    starts = np.searchsorted(account[order], np.arange(population.size))
    before = np.concatenate([[0], total])[starts]
    balance = np.empty(len(order), dtype=np.int64)
    version = np.empty(len(order), dtype=np.int64)
    balance[order] = total - before[account[order]]
    version[order] = np.arange(len(order)) - starts[account[order]] + 1
    of_deals, deal_versions = np.zeros(deals.count, np.int64), np.zeros(deals.count, np.int64)
    of_deals[closing], deal_versions[closing] = balance[: len(closing)], version[: len(closing)]
    stated = [
        replace(flow, balance=int(b), version=int(v))
        for flow, b, v in zip(flows, balance[len(closing) :], version[len(closing) :], strict=True)
    ]
    bonus = np.zeros(population.size, dtype=np.int64)
    np.add.at(bonus, [flow.account for flow in flows], np.where(credit, paid, 0))
    final = np.zeros(population.size, dtype=np.int64)
    np.add.at(final, account, amount)
    return CtraderWorld(
        window=window,
        population=population,
        deals=replace(deals, balance=of_deals, version=deal_versions),
        flows=stated,
        closes=held,
        balance=final,
        version=np.bincount(account, minlength=population.size),
        bonus=bonus,
    )
