"""When a server's day ends, seen from UTC, on both sides of daylight saving."""

from __future__ import annotations

import datetime as dt

import pytest

from orchestration.assets.exporting import PAPERS, is_month_end, is_quarter_end
from orchestration.schedules import ended_business_date, local_end_of_day
from warehouse.settings import SourceSettings

pytestmark = pytest.mark.unit

NEW_YORK_PLUS_7 = SourceSettings(name="mt5", kind="mt5", url="sqlite:///x")
LONDON = SourceSettings(
    name="mt5",
    kind="mt5",
    url="sqlite:///x",
    clock_zone="Europe/London",
    clock_shift_minutes=0,
    end_of_day_minutes=1019,
)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_the_job_starts_a_quarter_after_the_end_of_day() -> None:
    assert local_end_of_day(NEW_YORK_PLUS_7) == (17, 15)
    assert local_end_of_day(LONDON) == (17, 15)


@pytest.mark.parametrize(
    ("now", "ended"),
    [
        # 17:00 in New York is 21:00 UTC in summer and 22:00 in winter.
        ("2026-10-30T20:59:59", "2026-10-29"),
        ("2026-10-30T21:00:00", "2026-10-30"),
        ("2026-11-02T21:59:59", "2026-11-01"),
        ("2026-11-02T22:00:00", "2026-11-02"),
    ],
)
def test_the_day_that_ended(now: str, ended: str) -> None:
    assert ended_business_date(NEW_YORK_PLUS_7, at(now)) == dt.date.fromisoformat(ended)


def test_a_day_that_ends_at_five_in_london() -> None:
    assert ended_business_date(LONDON, at("2026-01-05T16:59:00")) == dt.date(2026, 1, 4)
    assert ended_business_date(LONDON, at("2026-01-05T17:00:00")) == dt.date(2026, 1, 5)


def test_what_falls_due() -> None:
    assert is_month_end(dt.date(2026, 2, 28))
    assert not is_month_end(dt.date(2028, 2, 28))
    assert is_quarter_end(dt.date(2026, 9, 30))
    assert not is_quarter_end(dt.date(2026, 10, 31))


def test_which_papers_fall_due_with_a_day() -> None:
    def due(day: dt.date) -> dict[str, str]:
        return {kind: text for _, kind, period, _ in PAPERS if (text := period(day)) is not None}

    assert due(dt.date(2026, 2, 27)) == {"notice": "2026-02-27"}
    assert due(dt.date(2026, 2, 28)) == {
        "client": "2026-02",
        "challenge": "2026-02",
        # A strategy's fees of a month are posted in the next one.
        "copy": "2026-01",
        "notice": "2026-02-28",
    }
    assert due(dt.date(2026, 12, 31)) == {
        "client": "2026-12",
        "challenge": "2026-12",
        "copy": "2026-11",
        "notice": "2026-12-31",
        "costs": "2026",
        "tax": "2026",
    }
