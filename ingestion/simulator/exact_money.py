"""Exact money in arrays: DECIMAL columns from minor units, and USD at the ECB rate of the day.

A USD amount is minor units times a rate of 1e-12, more than 64 bits hold: it is kept as two
integers, ``high * 1e6 + low``, and rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from ingestion.simulator.clock import IntArray, Window
from ingestion.simulator.market import GROUPS, main_currency
from ingestion.simulator.population import Population
from ingestion.simulator.rates import EcbRates

REPORTING_CURRENCY = "USD"
DECIMALS = 8
_HALF = 10**6


def decimals(scaled: IntArray, precision: int) -> pl.Series:
    """DECIMAL(precision, 8) of integers of 1e-8, without a float in between.

    Decimals are laid out as the 128-bit integers that Arrow keeps them as.
    """
    words = np.stack([scaled, scaled >> 63], axis=1).astype("<i8")
    column = pa.Array.from_buffers(
        pa.decimal128(precision, DECIMALS), len(scaled), [None, pa.py_buffer(words.tobytes())]
    )
    series = pl.from_arrow(column)
    assert isinstance(series, pl.Series)
    return series


def exact(minor: IntArray, digits: IntArray) -> pl.Series:
    """DECIMAL(24,8) of minor units with that many digits."""
    scaled = np.asarray(minor, dtype=np.int64) * 10 ** (DECIMALS - np.asarray(digits))
    return decimals(scaled, 24)


@dataclass(frozen=True)
class UsdAmounts:
    """USD times 1e12 times each account's minor units per main unit."""

    high: IntArray
    low: IntArray

    def __add__(self, other: UsdAmounts) -> UsdAmounts:
        return UsdAmounts(self.high + other.high, self.low + other.low)

    def __sub__(self, other: UsdAmounts) -> UsdAmounts:
        return UsdAmounts(self.high - other.high, self.low - other.low)

    def sign_of_sum(self) -> int:
        """-1, 0 or 1: the sign of the sum, exact. All amounts must be of one account."""
        total = int(self.high.sum()) * _HALF + int(self.low.sum())
        return (total > 0) - (total < 0)


class UsdRates:
    """USD per unit of each account's currency on each day, from one day before the window."""

    def __init__(self, population: Population, rates: EcbRates, window: Window) -> None:
        days = Window(window.first - 1, window.last)
        self._first = days.first
        series = {
            code: rates.scaled_series(code, REPORTING_CURRENCY, days)
            for code in {main_currency(spec.currency) for spec in GROUPS}
        }
        self._table = np.array([series[main_currency(c)] for c in population.currency])
        self._divisor = 10**population.currency_digits * population.cents

    def of(self, minor: IntArray, account: IntArray, day: IntArray) -> UsdAmounts:
        """Amounts in minor units of each account, at the rate of each day."""
        rate = self._table[account, day - self._first]
        return UsdAmounts(minor * (rate // _HALF), minor * (rate % _HALF))

    def rounded(self, amounts: UsdAmounts, account: IntArray) -> pl.Series:
        """DECIMAL(38,8), rounded half away from zero."""
        high = amounts.high + amounts.low // _HALF
        low = amounts.low % _HALF
        negative = high < 0
        # The magnitude of a negative number whose low part is counted upwards.
        borrow = negative & (low > 0)
        high = np.where(negative, -high - borrow, high)
        low = np.where(borrow, _HALF - low, low)
        divisor = self._divisor[account]
        # 1e12 down to 1e-8 leaves a divisor of 1e4 (no minor units), 1e6 (cents) or 1e8 (USC).
        units = np.select(
            [divisor == 1, divisor == 100],
            [high * 100 + (low + 5_000) // 10_000, high + (low + 500_000) // _HALF],
            (high + 50) // 100,
        )
        return decimals(np.where(negative, -units, units), 38)
