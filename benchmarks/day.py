"""One new business day: loaded, built, gated and published, after two years and after two months.

Both brokers trade alike each day; only the history behind the day differs.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.build import dbt_start_seconds
from benchmarks.deliveries import deliver, withhold
from benchmarks.hand_sql import (
    HandRun,
    Statement,
    check_agreement,
    compiled_statements,
    copy_lake,
    lay_views,
    run_by_hand,
    standing_views,
)
from benchmarks.measurement import RUNS, BenchmarkError, Measurement, median, spread, timed, told
from benchmarks.workspace import Size, Workspace, load_all
from warehouse.settings import Settings

DEALS = 1_000_000
LONG_DAYS, SHORT_DAYS = 730, 61
ACCOUNTS = 200
# The simulator's last days, Wednesday to Friday.
NEW_DAYS = (dt.date(2026, 10, 28), dt.date(2026, 10, 29), dt.date(2026, 10, 30))


@dataclass
class DaySeconds:
    """What new days cost on one broker, one entry a day."""

    whole: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    close: list[float] = field(default_factory=list)
    models: list[float] = field(default_factory=list)
    tests: list[float] = field(default_factory=list)
    hands: list[HandRun] = field(default_factory=list)
    start: float = 0.0
    deals: int = 0


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Seconds of a new day with much and with little history, and against its SQL by hand."""
    wanted = deals or DEALS
    long = Size(wanted, LONG_DAYS, ACCOUNTS)
    short = Size(wanted * SHORT_DAYS // LONG_DAYS, SHORT_DAYS, ACCOUNTS)
    after_long = _new_days(work, long)
    after_short = _new_days(work, short)
    return _figures(long, after_long, after_short)


def _new_days(work: Workspace, size: Size) -> DaySeconds:
    from orchestration.build import build
    from orchestration.dbt_runner import target_path

    broker = work.folder("broker") / "copy"
    shutil.copytree(work.broker(size), broker)
    database, later = broker / "mt5_live.sqlite", broker / "later.sqlite"
    withhold(database, later, NEW_DAYS)
    settings = work.settings(broker)
    told(f"day: building {size.days} days of history, {size.deals:,} deals")
    load_all(settings)
    seconds = DaySeconds(start=dbt_start_seconds(settings))
    build(settings)
    # A later build leaves the views as they are and does not name them.
    views = standing_views(settings, target_path(settings))
    for day in NEW_DAYS:
        delivered = deliver(database, later, day, last=day == NEW_DAYS[-1])
        told(f"day: {day} after {size.days} days, {delivered:,} deals")
        seconds.deals += delivered
        _one_day(work, settings, day, seconds, views)
    work.drop(settings)
    work.drop_folder(broker)
    return seconds


def _one_day(
    work: Workspace,
    settings: Settings,
    day: dt.date,
    seconds: DaySeconds,
    views: list[Statement],
) -> None:
    from orchestration.close import close
    from orchestration.dbt_runner import target_path

    loaded, _ = timed(lambda: load_all(settings))
    file: Path | None = None
    if day == NEW_DAYS[-1]:
        file = work.folder("plain") / "plain.duckdb"
        copy_lake(settings, file)
        lay_views(file, views)
    closed, result = timed(lambda: close(settings, only=day, closed_by="benchmarks"))
    if not result.days or result.build is None:
        raise BenchmarkError(f"{day} was not published")
    statements = compiled_statements(target_path(settings))
    seconds.whole.append(loaded + closed)
    seconds.load.append(loaded)
    seconds.close.append(closed)
    seconds.models.append(sum(item.seconds for item in statements if item.kind == "model"))
    seconds.tests.append(sum(item.seconds for item in statements if item.kind == "test"))
    if file is not None:
        assert result.build is not None
        watermark = result.build.watermark_to
        told("day: the same SQL by hand")
        for number in range(RUNS):
            copy = file.with_name(f"run-{number}.duckdb")
            shutil.copy(file, copy)
            seconds.hands.append(run_by_hand(copy, statements, settings, watermark, again=True))
            check_agreement(settings, copy)
            copy.unlink()
        work.drop_folder(file.parent)


def _figures(size: Size, long: DaySeconds, short: DaySeconds) -> list[Measurement]:
    days = len(NEW_DAYS)
    each = f"{long.deals // days:,} deals a day, {size.accounts} accounts"
    by_hand = median([hand.whole for hand in long.hands])
    return [
        Measurement(
            "day_after_2y_vs_2m",
            median(long.whole) / median(short.whole),
            "ratio",
            days,
            "a new day (load, build, gates, publish) with two years behind it / with two months; "
            f"{each}, {size.deals:,} deals in the two years; its fixed costs are in both",
        ),
        Measurement(
            "day_models_after_2y_vs_2m",
            median(long.models) / median(short.models),
            "ratio",
            days,
            f"models of that day alone, without dbt's start, tests and gates; {each}",
        ),
        Measurement(
            "day_vs_raw_sql",
            (median(long.models) + median(long.tests)) / by_hand,
            "ratio",
            days,
            "models and tests of a new day after two years / the same statements by hand in one "
            "DuckDB process; same results",
        ),
        Measurement(
            "day_after_2y_seconds",
            median(long.whole),
            "s",
            days,
            f"{each}; {spread(long.whole)} s",
        ),
        Measurement(
            "day_after_2m_seconds",
            median(short.whole),
            "s",
            days,
            f"{short.deals // days:,} deals a day; {spread(short.whole)} s",
        ),
        Measurement(
            "day_load_seconds", median(long.load), "s", days, "of it, one pass over all sources"
        ),
        Measurement(
            "day_close_seconds",
            median(long.close),
            "s",
            days,
            f"of it, build, gates and publishing; dbt's fixed start is {long.start:.1f} s",
        ),
        Measurement("day_models_seconds", median(long.models), "s", days, "of it, models"),
        Measurement("day_tests_seconds", median(long.tests), "s", days, "of it, dbt tests"),
        Measurement(
            "day_raw_sql_seconds", by_hand, "s", RUNS, "models and tests by hand in one process"
        ),
    ]
