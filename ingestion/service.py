"""`daybook sync` as a service: every source polled by a thread of its own.

A source that is slow, hangs or fails delays no other: each has its thread, its cursor on the one
lake connection, and its pause, which grows while it fails. Writing is one transaction at a time.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import duckdb

from ingestion.batch import LoadResult
from ingestion.connectors.context import PassContext
from ingestion.health import SourceHealth, read_health, store_health, write_health
from ingestion.maintenance import Maintained, maintain
from ingestion.reports import SourceReport
from ingestion.source_pass import forget, run_pass
from warehouse.connection import thread_cursor
from warehouse.errors import DaybookError
from warehouse.settings import Settings, SourceSettings

OnLoad = Callable[[LoadResult], None]
OnReport = Callable[[SourceReport], None]
OnMaintained = Callable[[Maintained], None]

_SWEEP_SECONDS = 300.0
_LONGEST_BACKOFF_SECONDS = 60.0
_HEALTH_SECONDS = 300.0
# After a poll that found nothing a source rests at least so many times as long as it took.
_REST_RATIO = 3.0
_TICK_SECONDS = 0.2
# From the wish to stop: after the first pause what DuckDB does is broken off, after the second a
# source that still hangs is left behind. Together they stay below five seconds.
_GRACE_SECONDS = 2.0
_LAST_SECONDS = 1.5


@dataclass
class _Poll:
    """One source's thread and what it remembers."""

    source: SourceSettings
    cursor: duckdb.DuckDBPyConnection
    health: SourceHealth
    memory: dict[str, object] = field(default_factory=dict)
    swept_at: float = float("-inf")
    thread: threading.Thread | None = None


class SyncService:
    """Polls sources until it is told to stop.

    Args:
        con: the lake, open for writing; nobody else uses it meanwhile.
        on_load: called, by several threads, after each load that wrote something.
        on_report: called after each pass that wrote something or failed.
        maintenance_seconds: pause between two rounds of maintenance; 0 leaves it out.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        settings: Settings,
        sources: list[SourceSettings],
        stopping: threading.Event,
        on_load: OnLoad | None = None,
        on_report: OnReport | None = None,
        on_maintained: OnMaintained | None = None,
        maintenance_seconds: float = 120.0,
    ) -> None:
        self._settings = settings
        self._stopping = stopping
        self._on_load = on_load
        self._on_report = on_report
        self._on_maintained = on_maintained
        self._maintenance_seconds = maintenance_seconds
        self._polls = [
            _Poll(source, thread_cursor(con), read_health(settings, source)) for source in sources
        ]
        self._caretaker_cursor = thread_cursor(con)

    def run(self) -> list[str]:
        """Poll until the stop event is set.

        Returns:
            Names of the sources that hung and were left behind; their threads are daemons, and
            whatever they were loading is not committed.
        """
        for poll in self._polls:
            poll.thread = threading.Thread(
                target=self._poll, args=(poll,), name=f"sync-{poll.source.name}", daemon=True
            )
            poll.thread.start()
        caretaker = threading.Thread(target=self._care, name="sync-maintenance", daemon=True)
        caretaker.start()
        # A short wait, because a signal is only seen between two of them.
        while not self._stopping.wait(_TICK_SECONDS):
            pass
        threads = [poll.thread for poll in self._polls if poll.thread is not None] + [caretaker]
        if _join(threads, _GRACE_SECONDS):
            for cursor in (self._caretaker_cursor, *(poll.cursor for poll in self._polls)):
                cursor.interrupt()
            _join(threads, _LAST_SECONDS)
        left = {thread.name for thread in threads if thread.is_alive()}
        for poll in self._polls:
            if f"sync-{poll.source.name}" not in left:
                poll.health = replace(
                    poll.health, next_try_at=None, polling_since=None, process_id=None
                )
                write_health(self._settings, poll.health)
        return sorted(name.removeprefix("sync-") for name in left)

    def _poll(self, poll: _Poll) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            interval = float(poll.source.options.get("sweep_seconds", _SWEEP_SECONDS))
            sweep = began - poll.swept_at >= interval
            poll.health = poll.health.begun()
            write_health(self._settings, poll.health)
            report = self._pass(poll, sweep)
            if report is None:
                break
            pause = poll.source.poll_seconds
            if report.error is None:
                if sweep:
                    poll.swept_at = began
                elif not report.loads:
                    # Without an index on its marker a source is read through at each poll.
                    pause = max(pause, _REST_RATIO * report.seconds)
            else:
                failures = min(poll.health.consecutive_failures + 1, 16)
                pause = min(pause * 2**failures, max(_LONGEST_BACKOFF_SECONDS, pause))
                forget(poll.memory)
            poll.health = poll.health.ended(report, pause)
            write_health(self._settings, poll.health)
            if self._on_report is not None and (report.loads or report.failed):
                self._on_report(report)
            self._stopping.wait(pause)
        forget(poll.memory)

    def _pass(self, poll: _Poll, sweep: bool) -> SourceReport | None:
        """One pass; None when it was broken off because the service stops."""
        context = PassContext(
            poll.cursor,
            self._settings,
            poll.source,
            sweep=sweep,
            repeated=True,
            on_load=self._on_load,
            stopping=self._stopping.is_set,
            memory=poll.memory,
        )
        try:
            return run_pass(context)
        except Exception as failure:
            if self._stopping.is_set():
                return None
            told = failure.describe() if isinstance(failure, DaybookError) else None
            if told is None:
                # A defect of ours, or of a library, must stop no other source.
                traceback.print_exc(file=sys.stderr)
                told = f"{type(failure).__name__}: {failure}"
            return SourceReport(poll.source.name, poll.source.kind, error=told)

    def _care(self) -> None:
        """Maintenance, and the lake's copy of the health, beside the polls."""
        maintained_at = time.monotonic()
        stored_at = float("-inf")
        stored: dict[str, str] = {}
        while not self._stopping.wait(1.0):
            now = time.monotonic()
            states = {
                poll.source.name: poll.health.state()
                for poll in self._polls
                if poll.health.last_poll_at is not None
            }
            try:
                if states != stored or now - stored_at >= _HEALTH_SECONDS:
                    store_health(
                        self._caretaker_cursor,
                        self._settings,
                        [poll.health for poll in self._polls if poll.source.name in states],
                    )
                    stored, stored_at = states, now
                if 0 < self._maintenance_seconds <= now - maintained_at:
                    maintained_at = now
                    done = maintain(self._caretaker_cursor, self._settings)
                    if self._on_maintained is not None:
                        self._on_maintained(done)
            except Exception as failure:
                if self._stopping.is_set():
                    return
                # The next round tries again; loading does not depend on it.
                print(f"maintenance: {failure}", file=sys.stderr, flush=True)
                maintained_at = stored_at = now


def _join(threads: list[threading.Thread], seconds: float) -> bool:
    """Wait for all; whether one is still running."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return any(thread.is_alive() for thread in threads)
