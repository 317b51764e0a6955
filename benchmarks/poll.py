"""What a poll costs that finds nothing: each source of a broker, as the service polls it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from benchmarks.measurement import BenchmarkError, Measurement, median, told
from benchmarks.workspace import SERVER, Size, Workspace, load_all

DEALS = 250_000
POLLS = 30
_MARKERS = (
    ("mt5_live.sqlite", "mt5_deals", "Timestamp"),
    ("mt5_live.sqlite", "mt5_orders_history", "Timestamp"),
    ("mt5_live.sqlite", "mt5_daily", "Timestamp"),
    ("mt5_live.sqlite", "mt5_daily_positions", "Timestamp"),
    ("mt4_live.sqlite", "MT4_TRADES", "MODIFY_TIME"),
)


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Milliseconds of a poll without news: the trading platform's, and the dearest source's."""
    from ingestion.connectors.context import PassContext
    from ingestion.source_pass import forget, run_pass
    from warehouse.connection import connect

    size = Size(deals or DEALS)
    broker = work.broker(size)
    settings = work.settings(broker)
    # What the connectors' READMEs ask the DBA for.
    for file, table, marker in _MARKERS:
        with closing(sqlite3.connect(broker / file)) as database:
            database.execute(f"CREATE INDEX IF NOT EXISTS daybook_{table} ON {table} ({marker})")
    told(f"poll: loading {size.deals:,} deals")
    load_all(settings)
    found: dict[str, float] = {}
    with connect("write", settings=settings) as con:
        for source in settings.sources:
            memory: dict[str, object] = {}
            spent = []
            # The first pass brings what only a running service reads, and fills its memory.
            for number in range(POLLS + 1):
                context = PassContext(
                    con, settings, source, sweep=False, repeated=True, memory=memory
                )
                began = time.perf_counter()
                report = run_pass(context)
                if report.failed:
                    raise BenchmarkError(f"{source.name} failed: {report.error}")
                if number and not report.loads:
                    spent.append((time.perf_counter() - began) * 1000)
            forget(memory)
            if not spent:
                raise BenchmarkError(f"{source.name} had news in every poll")
            found[source.name] = median(spent)
    work.drop(settings)
    dearest = max(found, key=lambda name: found[name])
    what = f"nothing new, indexes on the change markers; {size.deals:,} deals, SQLite and files"
    return [
        Measurement("poll_mt5_ms", found[SERVER], "ms", POLLS, f"one poll of {SERVER}; {what}"),
        Measurement(
            "poll_median_ms",
            median(list(found.values())),
            "ms",
            POLLS,
            f"the middle one of {len(found)} sources; {what}",
        ),
        Measurement(
            "poll_dearest_ms", found[dearest], "ms", POLLS, f"the dearest, {dearest}; {what}"
        ),
    ]
