"""Quotes: correlated walks of every currency against the euro, pinned to the ECB rate of each day.

Symbols are crosses of those walks, so EURUSD, USDJPY and EURJPY never contradict each other.
Gold and the index have no published daily source here and walk on their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingestion.simulator.clock import DAY_MS, IntArray, Window, is_weekend
from ingestion.simulator.market import SYMBOLS, SymbolSpec, main_currency, money_divisor
from ingestion.simulator.rates import CURRENCIES, EcbRates

FloatArray = npt.NDArray[np.float64]

STEPS_PER_DAY = 96
_WALKS = (*CURRENCIES, "XAU", "US500")
_WALK_INDEX = {name: index for index, name in enumerate(_WALKS)}
_INTRADAY_SPREAD = np.array([0.0, 0.005, 0.006, 0.0045, 0.004, 0.0055, 0.0045, 0.006, 0.011, 0.009])
_START = {"XAU": 3900.0, "US500": 6600.0}
RATE_DIGITS = 8


@dataclass(frozen=True)
class PriceBook:
    """Log value of each walk at 97 points of each weekday, and who reads which two of them."""

    first_weekday: IntArray
    """Row of the grid in force on each day, index = day - window.first (weekends: Friday's)."""
    first: int
    grid: FloatArray
    """[weekday row, step 0..96, walk]"""
    numerator: IntArray
    denominator: IntArray
    points: FloatArray
    spreads: IntArray

    def _log(self, walk: IntArray, server_ms: IntArray) -> FloatArray:
        day = server_ms // DAY_MS
        row = self.first_weekday[day - self.first]
        position = (server_ms % DAY_MS) * STEPS_PER_DAY / DAY_MS
        # A weekend shows what Friday closed with.
        position = np.where(is_weekend(day), (DAY_MS - 1) * STEPS_PER_DAY / DAY_MS, position)
        step = np.minimum(position.astype(np.int64), STEPS_PER_DAY - 1)
        weight = position - step
        left, right = self.grid[row, step, walk], self.grid[row, step + 1, walk]
        return np.asarray(left + weight * (right - left))

    def quote_points(self, symbol: IntArray, server_ms: IntArray, buying: IntArray) -> IntArray:
        """Ask (``buying`` 1) or bid (-1) in points (integer multiples of 10^-Digits)."""
        up = self._log(self.numerator[symbol], server_ms)
        down = self._log(self.denominator[symbol], server_ms)
        mid = np.rint(np.exp(up - down) / self.points[symbol]).astype(np.int64)
        spread = self.spreads[symbol]
        return np.asarray(mid - spread // 2 + np.where(buying > 0, spread, 0))

    def profit_rate(self, profit: IntArray, account: IntArray, server_ms: IntArray) -> IntArray:
        """Account currency per profit currency as an integer of 1e-8 (currency walk indexes)."""
        rate = np.exp(self._log(account, server_ms) - self._log(profit, server_ms))
        scaled = np.rint(rate * 10**RATE_DIGITS).astype(np.int64)
        return np.asarray(np.where(profit == account, 10**RATE_DIGITS, scaled))

    def closing_ms(self, day: IntArray) -> IntArray:
        """The last millisecond of a business day: closing quotes are read there."""
        return np.asarray(day * DAY_MS + DAY_MS - 1)


def walk_of(currency: str) -> int:
    """Index of the walk of a currency; a cent currency walks with its main one."""
    return _WALK_INDEX[main_currency(currency)]


def cent_factor(currency: str) -> int:
    """What a rate into this account currency is multiplied with (100 for cent accounts)."""
    return money_divisor(currency)


def _walks_of(spec: SymbolSpec) -> tuple[int, int]:
    """(walk of the quote, walk subtracted): price = exp(quote walk - base walk)."""
    if spec.symbol in ("XAUUSD", "US500"):
        return _WALK_INDEX[spec.mid_of.removesuffix("USD")], _WALK_INDEX["EUR"]
    return _WALK_INDEX[spec.profit], _WALK_INDEX[spec.base]


def build_price_book(window: Window, rates: EcbRates, rng: np.random.Generator) -> PriceBook:
    """Draw the walks for a window. Deterministic in ``rng``."""
    days = np.arange(rates.first, window.last + 1, dtype=np.int64)
    weekdays = days[~is_weekend(days)]
    anchors = np.zeros((len(weekdays), len(_WALKS)))
    for code in CURRENCIES:
        anchors[:, _WALK_INDEX[code]] = np.log(rates.as_floats(code)[weekdays - rates.first])
    # The platform closes hours after the ECB publishes: its close is near the rate, not on it.
    anchors[:, 1:8] += rng.normal(0.0, 0.0006, (len(weekdays), 7))
    for name, volatility, drift in (("XAU", 0.010, 0.0006), ("US500", 0.008, 0.0004)):
        steps = rng.normal(drift, volatility, len(weekdays))
        anchors[:, _WALK_INDEX[name]] = np.log(_START[name]) + np.cumsum(steps)
    common = rng.normal(size=(len(weekdays) - 1, STEPS_PER_DAY, 1))
    own = rng.normal(size=(len(weekdays) - 1, STEPS_PER_DAY, len(_WALKS)))
    noise = (0.6 * common + 0.8 * own) * _INTRADAY_SPREAD / np.sqrt(STEPS_PER_DAY)
    walk = np.concatenate([np.zeros((len(noise), 1, len(_WALKS))), np.cumsum(noise, axis=1)], 1)
    time = np.linspace(0.0, 1.0, STEPS_PER_DAY + 1)[None, :, None]
    bridge = walk - time * walk[:, -1:, :]
    grid = anchors[:-1, None, :] * (1 - time) + anchors[1:, None, :] * time + bridge
    row = np.searchsorted(weekdays, window.all_days(), side="right") - 2
    pairs = [_walks_of(spec) for spec in SYMBOLS]
    return PriceBook(
        first_weekday=row.astype(np.int64),
        first=window.first,
        grid=grid,
        numerator=np.array([pair[0] for pair in pairs], dtype=np.int64),
        denominator=np.array([pair[1] for pair in pairs], dtype=np.int64),
        points=np.array([10.0**-spec.digits for spec in SYMBOLS]),
        spreads=np.array([spec.spread_points for spec in SYMBOLS], dtype=np.int64),
    )
