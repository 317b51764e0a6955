"""A day is closed only after the sources it is made of were read past its end."""

from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.health import SourceHealth, read_health, write_health
from orchestration.close import CloseRefusedError, close
from orchestration.sources_behind import Behind, sources_behind, wait_for_sources
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.writer import transaction

DAY = ("demo", "ctrader", dt.date(2026, 10, 20))
# The clock of New York plus seven hours: midnight is 17:00 there, 21:00 UTC in summer.
END = dt.datetime(2026, 10, 20, 21, tzinfo=dt.UTC)
LATER = END + dt.timedelta(days=1)


def settings_of(home: Path, **more: Any) -> Settings:
    """A platform, the rates, a PSP, and another tenant's groups."""
    sources = [
        {"name": "ctrader", "kind": "ctrader", "path": "x"} | more,
        {"name": "ecb", "kind": "ecb"},
        {"name": "stripe", "kind": "stripe", "path": "x"},
        {"name": "groups", "kind": "broker", "path": "x", "tenant": "other"},
    ]
    return Settings.model_validate({"home": home, "sources": sources})


def read_well(settings: Settings, name: str, at: dt.datetime | None) -> None:
    """Leave the health of a source that was read well at an instant."""
    source = settings.source(name)
    at = None if at is None else at.replace(tzinfo=None)
    write_health(
        settings,
        SourceHealth(name, source.tenant, source.kind, last_poll_at=at, last_success_began_at=at),
    )


def test_a_day_waits_for_its_platform_and_the_rates_and_for_nothing_else(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert sources_behind(settings, [DAY], LATER) == []
    before = END - dt.timedelta(seconds=1)
    for name in ("ctrader", "ecb", "stripe", "groups"):
        read_well(settings, name, before)
    assert sources_behind(settings, [DAY], LATER) == [
        Behind(DAY, "ctrader", END, before),
        Behind(DAY, "ecb", END, before),
    ]
    read_well(settings, "ctrader", END)
    [behind] = sources_behind(settings, [DAY], LATER)
    assert str(behind) == (
        "ecb was last read well from 2026-10-20 20:59 UTC, before 2026-10-20 ended on ctrader "
        "(2026-10-20 21:00 UTC)"
    )
    # The platform's clock may be ahead of this machine's: it says itself what is over.
    assert sources_behind(settings, [DAY], before) == []
    assert sources_behind(settings, [("demo", "another", DAY[2])], LATER) == []


def test_a_day_ends_when_the_servers_does(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, clock_zone="Europe/Athens", clock_shift_minutes=0, end_of_day_minutes=1319
    )
    at = dt.datetime(2026, 10, 20, 18, 59, tzinfo=dt.UTC)
    read_well(settings, "ctrader", at)
    [behind] = sources_behind(settings, [DAY], LATER)
    assert behind.day_ended_at == dt.datetime(2026, 10, 20, 19, tzinfo=dt.UTC)


def test_waiting_ends_when_the_source_was_read_or_the_time_is_over(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    read_well(settings, "ctrader", END - dt.timedelta(hours=1))
    told: list[str] = []
    began = time.monotonic()
    wait_for_sources(settings, lambda: [DAY], 1.5, lambda item: told.append(item.source))
    assert 1.5 <= time.monotonic() - began < 10
    assert told == ["ctrader"]
    reader = threading.Timer(0.5, read_well, (settings, "ctrader", LATER))
    reader.start()
    began = time.monotonic()
    wait_for_sources(settings, lambda: [DAY], 60, lambda item: told.append(item.source))
    reader.join()
    assert time.monotonic() - began < 30


@pytest.mark.dbt
@pytest.mark.slow
def test_a_day_that_waits_stays_open_and_the_others_close(broker: Settings) -> None:
    with connect("write", settings=broker) as con, transaction(con, "reopen days", broker):
        con.execute("DELETE FROM lake.meta.published WHERE business_date >= DATE '2026-10-28'")
    platform = read_health(broker, broker.source("ctrader_live"))
    half = dt.datetime(2026, 10, 29, 12)
    write_health(broker, replace(platform, last_success_began_at=half))
    with pytest.raises(CloseRefusedError) as refused:
        close(broker, closed_by="test")
    result = refused.value.result
    assert {item.source for item in result.behind} == {"ctrader_live"}
    assert result.refused
    assert {(server, day) for _, server, day in result.refused} == {
        ("ctrader_live", item.day[2]) for item in result.behind
    }
    assert min(day for *_, day in result.refused) == dt.date(2026, 10, 29)
    assert {server for _, server, _ in result.published} >= {"mt5_live", "mt4_live"}
    assert "`daybook sync --once` reads them" in refused.value.describe()
    write_health(broker, platform)
    assert sorted(close(broker, closed_by="test").published) == sorted(result.refused)
