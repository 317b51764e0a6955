"""Which days cannot be closed yet, because a source they are made of was not read since they ended.

A platform that reports its days says when one is whole. One that does not (cTrader) may have been
read for the last time at noon, and a day made of that would miss its afternoon; a day without its
rates or its groups is no better.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ingestion.health import read_health
from warehouse.settings import Settings, SourceSettings

ServerDay = tuple[str, str, dt.date]
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Behind:
    """A source that a day waits for. Times are UTC."""

    day: ServerDay
    source: str
    day_ended_at: dt.datetime
    last_read_at: dt.datetime

    def __str__(self) -> str:
        return (
            f"{self.source} was last read well from {self.last_read_at:%Y-%m-%d %H:%M} UTC, before "
            f"{self.day[2]} ended on {self.day[1]} ({self.day_ended_at:%Y-%m-%d %H:%M} UTC)"
        )


def sources_behind(
    settings: Settings, days: Iterable[ServerDay], now: dt.datetime | None = None
) -> list[Behind]:
    """The sources that were not read since a day ended.

    A day whose end lies ahead of this machine's clock was reported by its platform, which knows
    better; a source that was never read here has no watermark to compare.

    Args:
        days: (tenant, server, business date).
        now: UTC; None asks the clock.
    """
    now = now or dt.datetime.now(dt.UTC)
    read_at = {
        # Health keeps UTC without a zone. A pass may straddle the end of a day: it has read what
        # was there when it began.
        source.name: began.replace(tzinfo=dt.UTC)
        for source in settings.sources
        if (began := read_health(settings, source).last_success_began_at) is not None
    }
    found = []
    for day in days:
        tenant, server, date = day
        own = next((source for source in settings.sources if source.name == server), None)
        if own is None:
            continue
        ended = _end(own, date)
        needed = [own] + [
            source
            for source in settings.sources
            # The rates are the whole house's.
            if source.kind == "ecb" or (source.kind == "broker" and source.tenant == tenant)
        ]
        found += [
            Behind(day, source.name, ended, read_at[source.name])
            for source in needed
            if source.name in read_at and read_at[source.name] < ended <= now
        ]
    return found


def wait_for_sources(
    settings: Settings,
    days: Callable[[], list[ServerDay]],
    seconds: float,
    told: Callable[[Behind], None],
) -> list[Behind]:
    """Come back once no day waits for a source, or after so many seconds, with what is behind.

    Args:
        days: what is to be closed, asked again each time.
        told: called when another source is waited for.
    """
    until = time.monotonic() + seconds
    named: set[str] = set()
    while (behind := sources_behind(settings, days())) and time.monotonic() < until:
        for item in behind:
            if item.source not in named:
                named.add(item.source)
                told(item)
        time.sleep(_LOOK_AGAIN_SECONDS)
    return behind


def _end(source: SourceSettings, date: dt.date) -> dt.datetime:
    # A clock that only the server knows is not behind UTC: the end of its day is not later.
    shift = source.clock_shift_minutes if source.clock_zone else 0
    minutes = source.end_of_day_minutes + 1 - shift
    local = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=minutes)
    return local.replace(tzinfo=ZoneInfo(source.clock_zone or "UTC")).astimezone(dt.UTC)
