"""What MetaTrader 4 and cTrader value open positions with: rates from the closing quotes alone.

A rate is the middle of the closing quote of the pair, or one divided by it, or the product of both
steps through the dollar; rounded to eight decimals at each step, half away from zero.
"""

from __future__ import annotations

import numpy as np

from ingestion.simulator.clock import IntArray, Window
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOL_INDEX, SYMBOLS, main_currency
from ingestion.simulator.prices import RATE_DIGITS, PriceBook
from ingestion.simulator.settlement import SymbolArrays, divide_half_away

_CODES = tuple(sorted({main_currency(code) for code in CURRENCY_DIGITS}))
_INDEX = {code: number for number, code in enumerate(_CODES)}
_ONE = 10**RATE_DIGITS


class ClosingRates:
    """Account currency per profit currency at each close of a window, integers of 1e-8."""

    def __init__(self, window: Window, book: PriceBook, currency: list[str], cents: IntArray):
        """``currency`` and ``cents`` (100 for a cent account, else 1) by account."""
        days = window.all_days()
        self._first = window.first
        self._profit = np.array([_INDEX[spec.profit] for spec in SYMBOLS])
        self._account = np.array([_INDEX[main_currency(code)] for code in currency])
        self._cents = cents
        size = len(_CODES)
        self._table = np.zeros((len(days), size, size), dtype=np.int64)
        for code, number in _INDEX.items():
            self._table[:, number, number] = _ONE
            for other, place in _INDEX.items():
                symbol = SYMBOL_INDEX.get(code + other)
                if symbol is not None:
                    self._table[:, number, place] = _direct(book, symbol, days)
                    self._table[:, place, number] = _inverse(book, symbol, days)
        dollar = _INDEX["USD"]
        through = divide_half_away(
            self._table[:, :, dollar, None] * self._table[:, None, dollar, :], _ONE
        )
        self._table = np.where(self._table == 0, through, self._table)

    def rate(self, symbol: IntArray, account: IntArray, day: IntArray) -> IntArray:
        """The rate of each symbol's profit into each account's currency at the close of a day."""
        rate = self._table[day - self._first, self._profit[symbol], self._account[account]]
        return np.asarray(rate * self._cents[account])

    def swap(
        self, symbol: IntArray, volume: IntArray, rate: IntArray, nights: IntArray,
        digits: IntArray,
    ) -> IntArray:  # fmt: skip
        """Swap of a signed volume over some nights, in minor units of the account, rounded once.

        Whole numbers of Python: tenths of a point times volume times a rate of 1e-8 pass 64 bits.
        """
        market = SymbolArrays.of_market()
        points = np.where(volume > 0, market.swap_long[symbol], market.swap_short[symbol])
        tenths = np.rint(points * 10).astype(np.int64).astype(object)
        shift = digits - market.profit_digits[symbol]
        amount = tenths * np.abs(volume) * market.raw_per_point[symbol] * nights * rate
        amount = amount * 10 ** np.maximum(shift, 0)
        divisor = 10_000 * _ONE * 10 ** np.maximum(-shift, 0).astype(object)
        units = (2 * np.abs(amount) + divisor) // (2 * divisor)
        return np.asarray(np.where(amount < 0, -units, units), dtype=np.int64)


def _both_sides(book: PriceBook, symbol: int, days: IntArray) -> IntArray:
    """Bid and ask together, in points."""
    every = np.full(len(days), symbol, dtype=np.int64)
    moment = book.closing_ms(days)
    bid = book.quote_points(every, moment, np.full(len(days), -1))
    return np.asarray(bid + book.quote_points(every, moment, np.ones(len(days), dtype=np.int64)))


def _direct(book: PriceBook, symbol: int, days: IntArray) -> IntArray:
    scale = 10 ** (RATE_DIGITS - SYMBOLS[symbol].digits)
    return np.asarray(_both_sides(book, symbol, days) * scale // 2)


def _inverse(book: PriceBook, symbol: int, days: IntArray) -> IntArray:
    numerator = np.full(len(days), 2 * 10 ** (RATE_DIGITS + SYMBOLS[symbol].digits))
    return divide_half_away(numerator, _both_sides(book, symbol, days))
