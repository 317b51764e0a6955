"""What trade events come to: prices, profits, swaps and the positions left open at each close.

The rules, in integers wherever money is involved:

- ``ProfitRaw = (Price - PricePosition) * ContractSize * closed lots``, signed by side, rounded to
  the profit currency's digits; ``Profit = ProfitRaw * RateProfit`` rounded to the account's digits,
  half away from zero;
- a position open at the end of a weekday accrues that day's swap (three days on Wednesday);
- a closing deal takes accrued swap in proportion to the volume it closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ingestion.simulator.clock import DAY_MS, IntArray, Window
from ingestion.simulator.lifecycles import NOT_SET, Events
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOLS
from ingestion.simulator.population import Population
from ingestion.simulator.prices import RATE_DIGITS, FloatArray, PriceBook, walk_of

ENTRY_IN, ENTRY_OUT, ENTRY_IN_OUT = 0, 1, 2
REASON_SL, REASON_TP = 3, 4


@dataclass(frozen=True)
class Settled:
    """Trade deals, one per event, in the order of ``events``. Money in minor units."""

    events: Events
    entry: IntArray
    price: IntArray
    """Points."""
    price_position: IntArray
    """Points; 0 on opening deals."""
    closed_volume: IntArray
    profit_raw: IntArray
    """Minor units of the profit currency."""
    rate: IntArray
    """Account currency per profit currency, integer of 1e-8."""
    profit: IntArray
    storage: IntArray


@dataclass(frozen=True)
class OpenAtClose:
    """One row per open position and business day. Money in minor units of the account."""

    position: IntArray
    account: IntArray
    symbol: IntArray
    day: IntArray
    volume: IntArray
    """Signed hundredths of a lot."""
    price_open: IntArray
    price_close: IntArray
    rate: IntArray
    profit: IntArray
    storage: IntArray
    opened_ms: IntArray


@dataclass(frozen=True)
class SymbolArrays:
    """SYMBOLS as arrays."""

    digits: IntArray
    profit_digits: IntArray
    profit_walk: IntArray
    raw_per_point: IntArray
    """Minor units of profit currency, per point and hundredth of a lot, times 1000."""
    swap_long: FloatArray
    swap_short: FloatArray

    @classmethod
    def of_market(cls) -> SymbolArrays:
        raw = [
            round(10.0**-s.digits * s.contract_size / 100 * 10 ** CURRENCY_DIGITS[s.profit] * 1000)
            for s in SYMBOLS
        ]
        return cls(
            digits=np.array([s.digits for s in SYMBOLS], dtype=np.int64),
            profit_digits=np.array([CURRENCY_DIGITS[s.profit] for s in SYMBOLS], dtype=np.int64),
            profit_walk=np.array([walk_of(s.profit) for s in SYMBOLS], dtype=np.int64),
            raw_per_point=np.array(raw, dtype=np.int64),
            swap_long=np.array([s.swap_long for s in SYMBOLS]),
            swap_short=np.array([s.swap_short for s in SYMBOLS]),
        )


def divide_half_away(numerator: IntArray, divisor: IntArray | int) -> IntArray:
    """Integer division rounded half away from zero; the divisor is above zero."""
    magnitude = (2 * np.abs(numerator) + divisor) // (2 * np.asarray(divisor))
    return np.asarray(np.sign(numerator) * magnitude)


def raw_profit(
    symbols: SymbolArrays, symbol: IntArray, points: IntArray, volume: IntArray
) -> IntArray:
    """Minor units of profit currency of a price move on a signed volume."""
    return divide_half_away(points * volume * symbols.raw_per_point[symbol], 1000)


def to_account(
    raw: IntArray, rate: IntArray, profit_digits: IntArray, account_digits: IntArray
) -> IntArray:
    """Minor units of account currency: raw times rate, rounded half away from zero."""
    shift = account_digits - profit_digits
    scaled = raw * rate * 10 ** np.maximum(shift, 0)
    return divide_half_away(scaled, 10**RATE_DIGITS * 10 ** np.maximum(-shift, 0))


def swap_nights(day: IntArray) -> IntArray:
    """Nights of swap that the end of a day costs: three on Wednesday, none at a weekend."""
    weekday = (day + 3) % 7
    return np.asarray(np.select([weekday >= 5, weekday == 2], [0, 3], 1))


class Closing(Protocol):
    """How positions that are open at a close are valued."""

    def rate(self, symbol: IntArray, account: IntArray, day: IntArray) -> IntArray:
        """Account currency per profit currency, integer of 1e-8."""

    def swap(
        self, symbol: IntArray, volume: IntArray, rate: IntArray, nights: IntArray,
        digits: IntArray,
    ) -> IntArray:  # fmt: skip
        """Swap of a signed volume over some nights, minor units of the account."""


class Settlement:
    """Settles events of one population against one price book."""

    def __init__(
        self, window: Window, population: Population, book: PriceBook,
        closing: Closing | None = None,
    ) -> None:  # fmt: skip
        """``closing`` values positions at a close where the platform's own rate does not."""
        self._window = window
        self._book = book
        self._closing = closing
        self._symbols = SymbolArrays.of_market()
        self._walk = population.walk
        self._digits = population.currency_digits
        self._cents = population.cents

    def rate_at(self, symbol: IntArray, account: IntArray, server_ms: IntArray) -> IntArray:
        """RateProfit as an integer of 1e-8."""
        plain = self._book.profit_rate(
            self._symbols.profit_walk[symbol], self._walk[account], server_ms
        )
        return plain * self._cents[account]

    def settle(self, events: Events) -> tuple[Settled, OpenAtClose]:
        """Fold every position's events in time order, one stage of all positions at a time."""
        order = np.lexsort((events.server_ms, events.position))
        events = events.take(order)
        count = len(order)
        stage = _stage_numbers(events.position)
        price = self._prices(events)
        rate = self.rate_at(events.symbol, events.account, events.server_ms)
        following = np.full(count, self._window.end_ms, dtype=np.int64)
        same = events.position[1:] == events.position[:-1]
        following[:-1][same] = events.server_ms[1:][same]

        positions = int(events.position.max()) + 1 if count else 0
        volume = np.zeros(positions, dtype=np.int64)
        average = np.zeros(positions, dtype=np.int64)
        accrued = np.zeros(positions, dtype=np.int64)
        opened = np.zeros(positions, dtype=np.int64)
        out = {
            name: np.zeros(count, dtype=np.int64)
            for name in ("entry", "price_position", "closed", "raw", "profit", "storage")
        }
        closes: list[OpenAtClose] = []
        for number in range(int(stage.max()) + 1 if count else 0):
            at = np.flatnonzero(stage == number)
            which, deal = events.position[at], events.volume[at]
            before, mean, held = volume[which], average[which], accrued[which]
            opposite = np.sign(before) * np.sign(deal) < 0
            closing = np.where(opposite, np.minimum(np.abs(deal), np.abs(before)), 0)
            opening = np.abs(deal) - closing
            after = before + deal
            out["entry"][at] = np.select(
                [closing == 0, opening == 0], [ENTRY_IN, ENTRY_OUT], ENTRY_IN_OUT
            )
            out["closed"][at] = closing
            out["price_position"][at] = np.where(closing > 0, mean, 0)
            raw = raw_profit(
                self._symbols, events.symbol[at], price[at] - mean, np.sign(before) * closing
            )
            out["raw"][at] = raw
            out["profit"][at] = to_account(
                raw, rate[at], self._symbols.profit_digits[events.symbol[at]],
                self._digits[events.account[at]],
            )  # fmt: skip
            realised = divide_half_away(held * closing, np.maximum(np.abs(before), 1))
            out["storage"][at] = realised
            weighted = divide_half_away(
                mean * np.abs(before) + price[at] * np.abs(deal),
                np.maximum(np.abs(before) + np.abs(deal), 1),
            )
            average[which] = np.select([closing == 0, opening > 0], [weighted, price[at]], mean)
            opened[which] = np.where((before == 0) | (opening * closing > 0),
                                     events.server_ms[at], opened[which])  # fmt: skip
            volume[which] = after
            accrued[which] = held - realised
            rows = at[after != 0]
            expanded = self._hold(events, rows, following[rows], volume, average, accrued, opened)
            if expanded is not None:
                closes.append(expanded)
                gained = np.zeros(positions, dtype=np.int64)
                # The last row of each position carries its accrual so far.
                gained[expanded.position] = expanded.storage
                held_over = np.unique(expanded.position)
                accrued[held_over] = gained[held_over]
        entry = np.where(events.entry != NOT_SET, events.entry, out["entry"])
        settled = Settled(
            events=_with_reasons(events, out["profit"]),
            entry=entry,
            price=price,
            price_position=out["price_position"],
            closed_volume=out["closed"],
            profit_raw=out["raw"],
            rate=rate,
            profit=out["profit"],
            storage=out["storage"],
        )
        return settled, join_closes(closes)

    def _prices(self, events: Events) -> IntArray:
        quoted = self._book.quote_points(events.symbol, events.server_ms, np.sign(events.volume))
        return np.where(events.price_points != NOT_SET, events.price_points, quoted)

    def _hold(
        self, events: Events, rows: IntArray, until: IntArray, volume: IntArray,
        average: IntArray, accrued: IntArray, opened: IntArray,
    ) -> OpenAtClose | None:  # fmt: skip
        """The closes between an event and the next one of its position, with swap accrued."""
        start_day = events.server_ms[rows] // DAY_MS
        nights = until // DAY_MS - start_day
        rows, start_day, nights = rows[nights > 0], start_day[nights > 0], nights[nights > 0]
        if rows.size == 0:
            return None
        source = np.repeat(rows, nights)
        first_row = np.repeat(np.cumsum(nights) - nights, nights)
        day = np.repeat(start_day, nights) + np.arange(len(source)) - first_row
        position, account = events.position[source], events.account[source]
        symbol, held = events.symbol[source], volume[events.position[source]]
        moment = self._book.closing_ms(day)
        close = self._book.quote_points(symbol, moment, -np.sign(held))
        digits = self._digits[account]
        if self._closing:
            rate = self._closing.rate(symbol, account, day)
            of_day = self._closing.swap(symbol, held, rate, swap_nights(day), digits)
        else:
            rate = self.rate_at(symbol, account, moment)
            of_day = self._swap_of_day(symbol, held, rate, day, digits)
        raw = raw_profit(self._symbols, symbol, close - average[position], held)
        profit = to_account(raw, rate, self._symbols.profit_digits[symbol], digits)
        swap = np.cumsum(of_day)
        before_run = np.concatenate([[0], swap])[first_row]
        return OpenAtClose(
            position, account, symbol, day, held, average[position], close, rate, profit,
            accrued[position] + swap - before_run, opened[position],
        )  # fmt: skip

    def _swap_of_day(
        self, symbol: IntArray, volume: IntArray, rate: IntArray, day: IntArray, digits: IntArray
    ) -> IntArray:
        points = np.where(
            volume > 0, self._symbols.swap_long[symbol], self._symbols.swap_short[symbol]
        )
        raw = points * np.abs(volume) * self._symbols.raw_per_point[symbol] / 1000
        shift = digits - self._symbols.profit_digits[symbol]
        money = raw * (rate / 10**RATE_DIGITS) * 10.0**shift * swap_nights(day)
        return np.asarray((np.sign(money) * np.floor(np.abs(money) + 0.5)).astype(np.int64))


def _stage_numbers(position: IntArray) -> IntArray:
    """0, 1, 2 ... within each run of equal positions."""
    index = np.arange(len(position))
    starts = np.ones(len(position), dtype=bool)
    starts[1:] = position[1:] != position[:-1]
    return np.asarray(index - np.maximum.accumulate(np.where(starts, index, 0)))


def _with_reasons(events: Events, profit: IntArray) -> Events:
    """Closing orders of the broker's server: a stop loss where it lost, else a take profit."""
    reason = np.where(events.reason == NOT_SET, 0, events.reason)
    reason = np.where((reason == REASON_SL) & (profit >= 0), REASON_TP, reason)
    return Events(
        events.position, events.account, events.symbol, events.server_ms, events.volume,
        events.price_points, np.asarray(reason), events.entry,
    )  # fmt: skip


def join_closes(parts: list[OpenAtClose]) -> OpenAtClose:
    """All rows, in order of day and position."""
    names = list(OpenAtClose.__dataclass_fields__)
    if not parts:
        return OpenAtClose(*(np.zeros(0, dtype=np.int64) for _ in names))
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    order = np.lexsort((columns["position"], columns["day"]))
    return OpenAtClose(*(columns[name][order] for name in names))
