"""Life cycles of positions, drawn as arrays: every position's events from open to close.

An *event* is one trade deal to be: position, time, signed volume. Families: simple, partial
closes, added volume and reversals (netting accounts), close-by pairs (hedging accounts).
Volumes are signed hundredths of a lot.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ingestion.simulator.clock import DAY_MS, HOUR_MS, IntArray, Window, into_trading_time
from ingestion.simulator.market import GROUPS, SYMBOL_INDEX, SYMBOLS, main_currency
from ingestion.simulator.population import Population
from ingestion.simulator.prices import FloatArray, PriceBook
from ingestion.simulator.rates import EcbRates

SIMPLE, PARTIAL, ADDED, REVERSED, CLOSE_BY = range(5)
ENTRY_OUT_BY = 3
NOT_SET = -1
_HOUR_WEIGHTS = np.array([1, 2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 9, 8, 8, 9, 10, 10, 9, 7, 5, 4, 3, 2, 1])


@dataclass(frozen=True)
class Events:
    """Trade events in no particular order; arrays of one length."""

    position: IntArray
    account: IntArray
    symbol: IntArray
    server_ms: IntArray
    volume: IntArray
    """Signed hundredths of a lot: above zero the deal buys."""
    price_points: IntArray
    """Forced price, or NOT_SET for the quote of the moment."""
    reason: IntArray
    entry: IntArray
    """Forced entry code (close-by), or NOT_SET."""

    @classmethod
    def join(cls, parts: list[Events]) -> Events:
        """All events of several families; position numbers must not overlap."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def take(self, index: np.ndarray) -> Events:
        """The events selected by an index or a mask."""
        return Events(*(getattr(self, f.name)[index] for f in fields(self)))


@dataclass(frozen=True)
class _Draft:
    """Positions before they become events."""

    account: IntArray
    symbol: IntArray
    side: IntArray
    volume: IntArray
    opened: IntArray
    closed: IntArray
    family: IntArray


def make_events(
    position: IntArray, account: IntArray, symbol: IntArray, server_ms: IntArray, volume: IntArray,
    price_points: IntArray | int = NOT_SET, reason: IntArray | int = NOT_SET,
    entry: IntArray | int = NOT_SET,
) -> Events:  # fmt: skip
    """Events with scalars spread over the arrays."""
    shape = np.asarray(position).shape

    def spread(value: IntArray | int) -> IntArray:
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.int64), shape))

    return Events(
        spread(position), spread(account), spread(symbol), spread(server_ms), spread(volume),
        spread(price_points), spread(reason), spread(entry),
    )  # fmt: skip


def _draw_symbols(population: Population, account: IntArray, rng: np.random.Generator) -> IntArray:
    symbol = np.zeros(len(account), dtype=np.int64)
    group = population.group[account]
    for index, spec in enumerate(GROUPS):
        chosen = np.flatnonzero(group == index)
        if chosen.size == 0:
            continue
        offered = np.array([SYMBOL_INDEX[name] for name in spec.symbols])
        weight = np.array([SYMBOLS[i].popularity for i in offered], dtype=float)
        symbol[chosen] = rng.choice(offered, chosen.size, p=weight / weight.sum())
    return symbol


def _draw_volumes(
    population: Population, account: IntArray, symbol: IntArray, held_ms: IntArray,
    deposit_usd: FloatArray, rates: EcbRates, rng: np.random.Generator,
) -> IntArray:  # fmt: skip
    """Sized so that an account's whole result has a spread of about a tenth of its deposit."""
    positions = np.bincount(account, minlength=population.size)
    budget = 0.10 * deposit_usd / np.sqrt(np.maximum(positions, 1))
    base_usd = np.array(
        [
            spec.contract_size
            * (3900.0 if spec.base == "XAU" else 6600.0 if spec.symbol == "US500" else 1.0)
            / float(rates.per_eur.get(spec.base, rates.per_eur["USD"])[-1])
            * float(rates.per_eur["USD"][-1])
            for spec in SYMBOLS
        ]
    )
    volatility = np.array([spec.daily_volatility for spec in SYMBOLS])
    risk = base_usd[symbol] * volatility[symbol] * np.sqrt(np.maximum(held_ms / DAY_MS, 0.02))
    lots = budget[account] / risk * rng.uniform(0.4, 1.3, len(account))
    smallest = np.array([spec.smallest_volume for spec in GROUPS])[population.group[account]]
    return np.asarray(np.clip(np.rint(lots * 100), smallest, 5000).astype(np.int64))


def _without_overlaps(draft: _Draft, population: Population, last: IntArray) -> np.ndarray:
    """Netting accounts hold one position per symbol: a draft that starts too early is dropped."""
    netting = np.array([spec.netting for spec in GROUPS])[population.group[draft.account]]
    keep = ~netting
    rows = np.flatnonzero(netting)
    key = draft.account[rows] * len(SYMBOLS) + draft.symbol[rows]
    order = np.lexsort((draft.opened[rows], key))
    rows, key = rows[order], key[order]
    # One running maximum over all keys: each key's times are lifted above the key before.
    lift = (np.searchsorted(np.unique(key), key)) * (1 << 50)
    ends = np.maximum.accumulate(last[rows] + lift)
    free = np.ones(len(rows), dtype=bool)
    free[1:] = (key[1:] != key[:-1]) | (draft.opened[rows][1:] + lift[1:] > ends[:-1] + 1000)
    keep[rows[free]] = True
    return keep


def draw_positions(
    window: Window, population: Population, positions: int, funded_day: IntArray,
    deposit_usd: FloatArray, rates: EcbRates, rng: np.random.Generator,
) -> _Draft:  # fmt: skip
    """Draw about that many positions over the accounts with activity, after they are funded."""
    days = window.trading_days()
    first_row = np.searchsorted(days, funded_day + 1)
    room = np.maximum(len(days) - first_row, 0) / len(days)
    weight = population.activity * room
    account = rng.choice(population.size, positions, p=weight / weight.sum()).astype(np.int64)
    row = first_row[account] + rng.random(positions) * (len(days) - first_row[account])
    hour = rng.choice(24, positions, p=_HOUR_WEIGHTS / _HOUR_WEIGHTS.sum())
    opened = days[row.astype(np.int64)] * DAY_MS + hour * HOUR_MS
    opened = opened + rng.integers(60_000, HOUR_MS - 60_000, positions)
    kind = rng.random(positions)
    held_hours = np.select(
        [kind < 0.68, kind < 0.93],
        [rng.lognormal(0.3, 1.0, positions), rng.lognormal(3.2, 0.7, positions)],
        rng.lognormal(5.0, 0.5, positions),
    )
    held = np.maximum((held_hours * HOUR_MS).astype(np.int64), 20_000)
    symbol = _draw_symbols(population, account, rng)
    family = np.zeros(positions, dtype=np.int64)
    netting = np.array([spec.netting for spec in GROUPS])[population.group[account]]
    u = rng.random(positions)
    family[(u < 0.12)] = PARTIAL
    family[netting & (u > 0.84)] = ADDED
    family[netting & (u > 0.93)] = REVERSED
    family[~netting & (u > 0.97)] = CLOSE_BY
    draft = _Draft(
        account, symbol, np.where(rng.random(positions) < 0.52, 1, -1),
        _draw_volumes(population, account, symbol, held, deposit_usd, rates, rng),
        opened, into_trading_time(opened + held), family,
    )  # fmt: skip
    keep = _without_overlaps(draft, population, draft.closed + 60_000)
    return _Draft(*(getattr(draft, f.name)[keep] for f in fields(draft)))


def build_events(
    window: Window, population: Population, draft: _Draft, book: PriceBook,
    rng: np.random.Generator,
) -> tuple[Events, int]:  # fmt: skip
    """Turn drafts into events; gives them and the number of positions used."""
    count = len(draft.account)
    position = np.arange(count, dtype=np.int64)
    smallest = np.array([spec.smallest_volume for spec in GROUPS])[population.group[draft.account]]
    part = np.maximum(draft.volume // 2, smallest)
    family = np.where((draft.family == PARTIAL) & (draft.volume < 2 * smallest), 0, draft.family)
    fraction = rng.uniform(0.2, 0.8, count)
    middle = into_trading_time(
        draft.opened + ((draft.closed - draft.opened) * fraction).astype(np.int64)
    )
    middle = np.maximum(middle, draft.opened + 1_000)
    closed = np.maximum(draft.closed, middle + 1_000)
    signed = draft.side * draft.volume
    opening_reason = rng.choice(np.array([0, 0, 1, 16, 17]), count)
    closing_reason = rng.choice(np.array([0, 0, 0, 1, 16, 3, 3]), count)

    def rows(mask: np.ndarray, when: IntArray, volume: IntArray, reason: IntArray) -> Events:
        return make_events(
            position[mask], draft.account[mask], draft.symbol[mask], when[mask], volume[mask],
            reason=reason[mask],
        )  # fmt: skip

    every = np.ones(count, dtype=bool)
    is_part, is_added = family == PARTIAL, family == ADDED
    is_reversed, is_by = family == REVERSED, family == CLOSE_BY
    left = np.select(
        [is_part, is_added, is_reversed], [signed - draft.side * part, signed * 2, -signed], signed
    )
    parts = [
        rows(every, draft.opened, signed, opening_reason),
        rows(is_part, middle, -draft.side * part, closing_reason * (closing_reason != 3)),
        rows(is_added, middle, signed, opening_reason),
        rows(is_reversed, middle, -2 * signed, opening_reason),
        rows(~is_by, closed, -left, closing_reason),
    ]
    if is_by.any():
        # The opposite position opens in the middle; both leave at its opening price.
        twin = count + np.arange(int(is_by.sum()), dtype=np.int64)
        account, symbol, volume = draft.account[is_by], draft.symbol[is_by], signed[is_by]
        inside = middle[is_by] < window.end_ms
        price = np.full(len(twin), NOT_SET, dtype=np.int64)
        price[inside] = book.quote_points(
            symbol[inside], middle[is_by][inside], -np.sign(volume[inside])
        )
        parts += [
            make_events(twin, account, symbol, middle[is_by], -volume, price, 0),
            make_events(position[is_by], account, symbol, closed[is_by], -volume, price, 0, 3),
            make_events(twin, account, symbol, closed[is_by] + 1, volume, price, 0, 3),
        ]
        count += len(twin)
    events = Events.join(parts)
    return events.take(events.server_ms < window.end_ms), count


def deposit_scale_usd(currency: str, rates: EcbRates) -> float:
    """USD per unit of an account's main currency on the last day: sizes only, never figures."""
    code = main_currency(currency)
    return float(rates.per_eur["USD"][-1] / rates.per_eur[code][-1])
