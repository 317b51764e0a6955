"""Trades placed on purpose: a stop-out into a negative balance, a rollover, late deals, and others.

Each is a handful of explicit events; everything about their money is left to settlement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.cash import at, rapid_deposit_day
from ingestion.simulator.clock import IntArray, Window
from ingestion.simulator.lifecycles import NOT_SET, Events, make_events
from ingestion.simulator.market import SYMBOL_INDEX
from ingestion.simulator.population import FIRST_ORDINARY, RAPID, STOP_OUT
from ingestion.simulator.prices import PriceBook
from ingestion.simulator.settlement import SymbolArrays, raw_profit

REASON_STOP_OUT = 5
REASON_ROLLOVER = 6
REASON_SYNCHRONISED = 13
ROLLOVER_ACCOUNT = FIRST_ORDINARY
LATE_ACCOUNT = FIRST_ORDINARY + 1
CANCELLED_ACCOUNT = FIRST_ORDINARY + 2
CLOSE_BY_ACCOUNT = FIRST_ORDINARY + 7


@dataclass(frozen=True)
class PlantedTrades:
    """The events, how many positions they use, and what is special about them."""

    events: Events
    positions: int
    late_position: int
    late_day: int
    arrival_ms: int
    """When the late deals reached the platform."""
    stop_out_ms: int


def restatable_day(window: Window, fraction: float) -> int:
    """A trading day near that fraction whose next day is a trading day of the window too."""
    days = window.trading_days()
    followed = days[:-1][np.diff(days) == 1]
    return int(followed[min(int(fraction * len(followed)), len(followed) - 1)])


def _array(*values: int) -> IntArray:
    return np.array(values, dtype=np.int64)


def _quote(book: PriceBook, symbol: int, when: int, side: int) -> int:
    return int(book.quote_points(_array(symbol), _array(when), _array(side))[0])


def _round_trip(
    position: int, account: int, symbol: int, volume: int, times: tuple[int, int],
    prices: tuple[int, int] = (NOT_SET, NOT_SET), reasons: tuple[int, int] = (0, 0),
) -> Events:  # fmt: skip
    return make_events(
        _array(position, position), _array(account, account), _array(symbol, symbol),
        _array(*times), _array(volume, -volume), _array(*prices), _array(*reasons),
    )  # fmt: skip


def _stop_out(window: Window, book: PriceBook, position: int, deposit: int) -> tuple[Events, int]:
    """A position that loses 115 % of the deposit (minor units) over two nights of real prices."""
    symbols = SymbolArrays.of_market()
    days = window.trading_days()
    days = days[days >= window.first + 2]
    opened, closed = at(int(days[0]), 10, 0), at(int(days[2]), 9, 30)
    best, chosen, side = 0, 0, 1
    for name in ("XAUUSD", "US500", "GBPUSD", "EURUSD"):
        symbol = SYMBOL_INDEX[name]
        for direction in (1, -1):
            move = _quote(book, symbol, closed, -direction) - _quote(
                book, symbol, opened, direction
            )
            result = int(
                raw_profit(symbols, _array(symbol), _array(move), _array(direction * 100))[0]
            )
            if result < best:
                best, chosen, side = result, symbol, direction
    volume = side * -(-deposit * 115 // -best)
    events = _round_trip(
        position, STOP_OUT, chosen, volume, (opened, closed), reasons=(0, REASON_STOP_OUT)
    )
    return events, closed


def plant_trades(window: Window, book: PriceBook, first_position: int) -> PlantedTrades:
    """All planted trades, their positions numbered from ``first_position``."""
    eurusd, gbpusd, xau = (SYMBOL_INDEX[name] for name in ("EURUSD", "GBPUSD", "XAUUSD"))
    number = first_position
    stop_out, stop_out_ms = _stop_out(window, book, number, 6_000 * 100)
    parts = [stop_out]

    traded = rapid_deposit_day(window) + 1
    for offset, side in ((1, 1), (2, -1)):
        parts.append(
            _round_trip(number + offset, RAPID, eurusd, side * 100,
                        (at(traded, 11, 10 * offset), at(traded, 11, 10 * offset + 25)))
        )  # fmt: skip

    # Rollover by re-opening: out and in at one price, both with Reason 6.
    day = restatable_day(window, 0.35)
    rolled = at(day, 23, 55)
    price = _quote(book, gbpusd, rolled, -1)
    parts.append(
        _round_trip(number + 3, ROLLOVER_ACCOUNT, gbpusd, 20, (at(day, 11, 20), rolled),
                    (NOT_SET, price), (0, REASON_ROLLOVER))
    )  # fmt: skip
    parts.append(
        _round_trip(number + 4, ROLLOVER_ACCOUNT, gbpusd, 20, (rolled + 1, at(day + 1, 15, 40)),
                    (price, NOT_SET), (REASON_ROLLOVER, 0))
    )  # fmt: skip

    late_day = restatable_day(window, 0.5)
    times = (at(late_day, 14, 5), at(late_day, 16, 35))
    opened, closed = _quote(book, xau, times[0], 1), _quote(book, xau, times[1], -1)
    closed += 25 if opened == closed else 0
    parts.append(
        _round_trip(number + 5, LATE_ACCOUNT, xau, 10, times, (opened, closed),
                    (REASON_SYNCHRONISED, REASON_SYNCHRONISED))
    )  # fmt: skip

    # One close-by pair in every run, however few positions are drawn.
    day = restatable_day(window, 0.65)
    moment = at(day + 1, 13, 0)
    price = _quote(book, eurusd, at(day, 15, 0), -1)
    sold = make_events(
        _array(number + 6, number + 6), _array(CLOSE_BY_ACCOUNT, CLOSE_BY_ACCOUNT),
        _array(eurusd, eurusd), _array(at(day, 15, 0), moment + 1), _array(-10, 10),
        _array(price, price), 0, _array(NOT_SET, 3),
    )  # fmt: skip
    bought = make_events(
        _array(number + 7, number + 7), _array(CLOSE_BY_ACCOUNT, CLOSE_BY_ACCOUNT),
        _array(eurusd, eurusd), _array(at(day, 10, 0), moment), _array(10, -10),
        _array(NOT_SET, price), 0, _array(NOT_SET, 3),
    )  # fmt: skip
    return PlantedTrades(
        events=Events.join([*parts, sold, bought]),
        positions=8,
        late_position=number + 5,
        late_day=late_day,
        arrival_ms=at(late_day + 1, 10, 15),
        stop_out_ms=stop_out_ms,
    )
