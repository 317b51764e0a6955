"""How long a deal takes from the source's database to a reader of the lake.

`daybook sync` runs as a service over all sources of a simulated broker, two readers query in
loops, and deals are written into the source one after the other: in a quiet time, and while the
broker's days are being built and closed. Service, readers and close are processes of their own.
"""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb

from benchmarks.measurement import BenchmarkError, Measurement, told
from benchmarks.workspace import SERVER, Size, Workspace, load_all
from warehouse.connection import connect
from warehouse.settings import Settings

DEALS = 20_000
QUIET_PROBES = 20
READERS = 2
# A close of so small a broker takes less; one that never ends must not run for ever.
_LONGEST_CLOSE_SECONDS = 900
_LONGEST_WAIT_SECONDS = 60
_FILETIME_1970 = 11_644_473_600


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Seconds until a deal is visible, quiet and during a close."""
    size = Size(deals or DEALS, days=30, accounts=60)
    broker = work.broker(size)
    settings = work.settings(broker)
    database = broker / "mt5_live.sqlite"
    with closing(sqlite3.connect(database)) as con:
        con.execute("CREATE INDEX IF NOT EXISTS daybook_deals ON mt5_deals (Timestamp)")
    told("latency: first load")
    load_all(settings)
    context = multiprocessing.get_context("spawn")
    with _running(context.Process(target=serve, args=(settings,), name="daybook sync")):
        readers = [context.Process(target=read, args=(settings,)) for _ in range(READERS)]
        with _running(*readers), connect("read", settings=settings) as reader:
            _visible_after(database, reader)
            told(f"latency: {QUIET_PROBES} deals in a quiet time")
            quiet = [_visible_after(database, reader) for _ in range(QUIET_PROBES)]
            told("latency: deals while the days are built and closed")
            closing_process = context.Process(target=close_days, args=(settings,))
            began = time.monotonic()
            closing_process.start()
            busy = []
            with _running(closing_process, start=False):
                while closing_process.is_alive():
                    if time.monotonic() - began > _LONGEST_CLOSE_SECONDS:
                        raise BenchmarkError("the close did not end")
                    busy.append(_visible_after(database, reader))
            if closing_process.exitcode:
                raise BenchmarkError("the close failed")
            seconds = time.monotonic() - began
    what = (
        f"from the commit in the source (SQLite) to a reader of the lake; {len(settings.sources)} "
        f"sources polled, {SERVER} every {settings.source(SERVER).poll_seconds:g} s, "
        f"{READERS} readers in loops"
    )
    return [
        *_figures("latency", quiet, what),
        *_figures("latency_close", busy, f"{what}; while a build and close ran {seconds:.0f} s"),
    ]


def serve(settings: Settings) -> None:
    """Poll until told to stop."""
    from ingestion.sync import sync_forever

    sync_forever(settings)


def read(settings: Settings) -> None:
    """Query the deals in a loop, as a page about the open day does."""
    with connect("read", settings=settings) as con:
        while True:
            con.execute(
                "SELECT _business_date, symbol, count(*), sum(profit) FROM lake.raw.mt5_deals "
                "GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            time.sleep(0.05)


def close_days(settings: Settings) -> None:
    """Build everything, pass the gates, publish every day that is over."""
    from orchestration.close import close

    close(settings, closed_by="benchmarks")


def _visible_after(database: Path, reader: duckdb.DuckDBPyConnection) -> float:
    """Write one deal into the source; seconds until the reader sees it."""
    # Not in step with the polls.
    time.sleep(random.uniform(0.0, 1.0))
    number = _write_deal(database)
    began = time.perf_counter()
    while time.perf_counter() - began < _LONGEST_WAIT_SECONDS:
        seen = reader.execute(
            "SELECT 1 FROM lake.raw.mt5_deals WHERE deal = ? LIMIT 1", [number]
        ).fetchall()
        if seen:
            return time.perf_counter() - began
        time.sleep(0.02)
    raise BenchmarkError(f"deal {number} did not arrive in {_LONGEST_WAIT_SECONDS} seconds")


def _write_deal(database: Path) -> int:
    """A copy of the newest deal that moves no money, on a day after all others; its number."""
    with closing(sqlite3.connect(database, timeout=60)) as con, con:
        columns = [row[1] for row in con.execute("PRAGMA table_info(mt5_deals)")]
        number = int(con.execute("SELECT max(Deal) + 1 FROM mt5_deals").fetchone()[0])
        changed = {
            "Deal": str(number),
            "Timestamp": str(int((time.time() + _FILETIME_1970) * 10_000_000)),
            "Time": "datetime(Time, '+3 days')",
            "TimeMsc": "datetime(Time, '+3 days')",
            "Action": "2",
            "Entry": "0",
            **dict.fromkeys(("Profit", "Storage", "Commission", "Fee", "Volume", "VolumeExt"), "0"),
        }
        values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        con.execute(
            f"INSERT INTO mt5_deals ({names}) SELECT {values} FROM mt5_deals "
            "WHERE Time < '2026-11-01' ORDER BY Deal DESC LIMIT 1"
        )
    return number


@contextmanager
def _running(*processes: BaseProcess, start: bool = True) -> Iterator[None]:
    for process in processes:
        if start:
            process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join(30)


def _figures(name: str, seconds: list[float], what: str) -> list[Measurement]:
    ordered = sorted(seconds)
    return [
        Measurement(f"{name}_p50_seconds", _percentile(ordered, 0.50), "s", len(ordered), what),
        Measurement(f"{name}_p95_seconds", _percentile(ordered, 0.95), "s", len(ordered), what),
    ]


def _percentile(ordered: list[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
