"""The server clock is New York plus seven hours, whatever Europe does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingestion.simulator.clock import (
    FILETIME_UNIX_EPOCH,
    Window,
    into_trading_time,
    is_weekend,
    server_offset_ms,
    to_filetime,
    to_utc_ms,
)

pytestmark = pytest.mark.unit

NEW_YORK = ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1)


def server_ms(moment: datetime) -> int:
    wall = moment.astimezone(NEW_YORK).replace(tzinfo=None) + timedelta(hours=7)
    return int((wall - EPOCH).total_seconds() * 1000)


def test_every_hour_of_three_years_converts_back_except_the_repeated_one() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(hours=hour, minutes=30) for hour in range(3 * 8766)]
    expected = np.array([int(moment.timestamp() * 1000) for moment in moments])
    got = to_utc_ms(np.array([server_ms(moment) for moment in moments], dtype=np.int64))
    wrong = [moment for moment, one, two in zip(moments, expected, got, strict=True) if one != two]
    # The hour that the clock repeats each November reads as its first occurrence.
    assert len(wrong) == 3
    assert {moment.month for moment in wrong} == {11}


@pytest.mark.parametrize(
    ("wall", "hours"),
    [
        (datetime(2026, 3, 6, 12), 2),
        (datetime(2026, 3, 9, 0), 3),  # Athens would still say 2
        (datetime(2026, 10, 26, 0), 3),  # Athens would already say 2
        (datetime(2026, 10, 30, 23, 59), 3),
        (datetime(2026, 11, 2, 0), 2),
    ],
)
def test_offset_follows_the_united_states(wall: datetime, hours: int) -> None:
    moment = np.array([int((wall - EPOCH).total_seconds() * 1000)], dtype=np.int64)
    assert server_offset_ms(moment)[0] == hours * 3_600_000


def test_filetime_of_a_known_moment() -> None:
    moment = np.array([server_ms(datetime(2026, 10, 30, 12, tzinfo=UTC))], dtype=np.int64)
    seconds = int(datetime(2026, 10, 30, 12, tzinfo=UTC).timestamp())
    assert to_filetime(moment)[0] == seconds * 10_000_000 + FILETIME_UNIX_EPOCH


def test_weekend_times_move_to_monday_in_order() -> None:
    saturday = int((datetime(2026, 10, 24) - EPOCH).total_seconds() * 1000)
    moments = saturday + np.arange(0, 48 * 3_600_000, 600_000, dtype=np.int64)
    moved = into_trading_time(moments)
    assert not is_weekend(moved // 86_400_000).any()
    assert (np.diff(moved) > 0).all()


def test_window_ends_on_the_last_friday() -> None:
    window = Window.ending_last(7)
    assert window.days == 7
    assert not is_weekend(np.array([window.last])).any()
    assert len(window.trading_days()) == 5
