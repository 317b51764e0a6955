"""The broker's cTrader server: its accounts, trades and cash, settled like those of MT5.

Sizes are a quarter of the MT5 server's. Positions are drawn and settled by the same market; what
differs is cTrader's own: a closing deal realises commission for entry and exit, results in another
currency cost a conversion fee, every change of a balance has a version, and deals that were turned
down stay in the list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ingestion.simulator.clock import DAY_MS, HOUR_MS, MINUTE_MS, IntArray, Window, to_utc_ms
from ingestion.simulator.lifecycles import (
    ADDED,
    CLOSE_BY,
    REVERSED,
    SIMPLE,
    build_events,
    draw_positions,
)
from ingestion.simulator.market import GROUP_INDEX, GROUPS, SYMBOLS, main_currency
from ingestion.simulator.population import Population
from ingestion.simulator.settlement import OpenAtClose, Settlement, divide_half_away
from ingestion.simulator.world import World, stream

SERVER_ID = "ctrader_live"
BROKER = "harbour"
FIRST_LOGIN = 3_000_001
FIRST_ACCOUNT = 41_000_001
FIRST_POSITION, FIRST_DEAL, FIRST_ORDER, FIRST_BALANCE_HISTORY = (
    60_000_001, 80_000_001, 90_000_001, 70_000_001,
)  # fmt: skip
FILLED, PARTIALLY_FILLED, REJECTED, INTERNALLY_REJECTED, ERROR, MISSED = 2, 3, 4, 5, 6, 7
DEPOSIT, WITHDRAW, REBATE, DIVIDENDS, BONUS, BONUS_OUT, INACTIVITY, TRANSFER, TRANSFER_OUT = (
    0, 1, 9, 15, 19, 20, 35, 36, 37,
)  # fmt: skip
FEWEST_ACCOUNTS, MOST_POSITIONS = 6, 20_000
_GROUPS = (
    r"real\B-USD", r"real\A-ECN-USD", r"real\B-EUR", r"real\B-GBP", r"real\A-ECN-EUR",
    r"real\B-JPY",
)  # fmt: skip
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
class CashFlow:
    """A balance change without a deal; ``amount`` is signed, ``balance`` is what it left."""

    account: int
    at: int
    operation: int
    amount: int
    balance: int = 0
    version: int = 0


@dataclass(frozen=True)
class CtraderWorld:
    """The server as it is at the end of the window."""

    window: Window
    population: Population
    deals: Deals
    flows: list[CashFlow]
    held: OpenAtClose
    """Open positions at the last close only."""
    balance: IntArray
    version: IntArray
    bonus: IntArray


def build_ctrader(world: World) -> CtraderWorld:
    """Simulate the cTrader server of a broker. Deterministic in the broker."""
    rng = stream(world.seed, "ctrader")
    window = world.window
    clients = int((world.population.client >= 0).sum())
    population = _population(window, max(clients // 4, FEWEST_ACCOUNTS), rng)
    wanted = int((world.deals["action"] <= 1).sum()) // 8
    draft = draw_positions(
        window, population, min(max(wanted, 3 * population.size), MOST_POSITIONS),
        population.registered_ms // DAY_MS, np.full(population.size, 8_000.0), world.rates, rng,
    )  # fmt: skip
    # A reversal is two deals here, and positions are not closed by one another.
    family = np.where(draft.family == REVERSED, ADDED, draft.family)
    draft = replace(draft, family=np.where(family == CLOSE_BY, SIMPLE, family))
    events, _ = build_events(window, population, draft, world.book, rng)
    settled, held = Settlement(window, population, world.book).settle(events)

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
    last = held.day == window.last
    held = OpenAtClose(*(getattr(held, name)[last] for name in OpenAtClose.__dataclass_fields__))
    return _balanced(window, population, deals, _cash_flows(window, population, rng), held)


def _population(window: Window, accounts: int, rng: np.random.Generator) -> Population:
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


def _cash_flows(window: Window, population: Population, rng: np.random.Generator) -> list[CashFlow]:
    """Deposits of every account, withdrawals of most, and one of each of the rarer kinds."""
    flows: list[CashFlow] = []
    middle, later = window.trading_day_near(0.5), window.trading_day_near(0.85)
    minute = rng.integers(0, 600, (population.size, 3)) * MINUTE_MS
    base = rng.choice(np.array([5_000, 8_000, 12_000]), population.size)

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
            post(account, at, DEPOSIT, float(base[account]) / 2)
        if account % 4 != 3:
            at = later * DAY_MS + 9 * HOUR_MS + int(minute[account, 2])
            post(account, at, WITHDRAW, -float(base[account]) / 20)
    noon = middle * DAY_MS + 12 * HOUR_MS
    post(0, noon, BONUS, 250.0)
    post(0, noon + 2 * DAY_MS, BONUS_OUT, -75.5)
    post(1, noon, REBATE, 12.34)
    post(2, noon, INACTIVITY, -15.0)
    post(3, noon, DIVIDENDS, 8.4)
    post(0, noon + HOUR_MS, TRANSFER_OUT, -200.0)
    post(1, noon + HOUR_MS + 1_000, TRANSFER, 200.0)
    return sorted(flows, key=lambda flow: (flow.at, flow.account))


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
        held=held,
        balance=final,
        version=np.bincount(account, minlength=population.size),
        bonus=bonus,
    )
