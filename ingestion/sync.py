"""Runs the connectors: once over all sources, or for ever as a poll loop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import duckdb
from filelock import FileLock, Timeout

from ingestion import problems as source_problems
from ingestion.batch import LoadResult
from ingestion.connectors.context import PassContext
from ingestion.connectors.registry import CONNECTORS, all_contracts, connector_of
from ingestion.loader import FaultMarker
from ingestion.problems import Problem
from ingestion.raw_tables import ensure_tables
from ingestion.reports import SourceReport, SyncReport
from ingestion.source_state import read_state
from warehouse.connection import connect
from warehouse.errors import ContractError, LockTimeoutError, SettingsError, SourceError
from warehouse.settings import Settings, SourceSettings

OnLoad = Callable[[LoadResult], None]
OnReport = Callable[[SourceReport], None]

_SWEEP_SECONDS = 300.0
_LONGEST_BACKOFF_SECONDS = 60.0
_IDLE_SECONDS = 0.2


def sync_once(
    settings: Settings,
    source: str | None = None,
    progress: OnLoad | None = None,
    *,
    sweep: bool = True,
    fault: FaultMarker | None = None,
) -> SyncReport:
    """One full pass over every source, or the one named; a source that fails stops no other.

    Args:
        progress: called after each load that wrote something.
        sweep: also reconcile deletions and missed edits, and compare control totals.
        fault: for crash tests, see :func:`ingestion.loader.load_batch`.

    Raises:
        SettingsError: no source has that name.
        DaybookError: the lake itself cannot be written (lock, full disk).
    """
    chosen = _chosen(settings, source)
    con = connect("write", settings=settings)
    try:
        ensure_tables(con, all_contracts(), settings)
        return SyncReport(
            [
                _pass(PassContext(con, settings, one, sweep=sweep, on_load=progress, fault=fault))
                for one in chosen
            ]
        )
    finally:
        con.close()


def sync_forever(
    settings: Settings,
    source: str | None = None,
    on_load: OnLoad | None = None,
    on_report: OnReport | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Poll every source until SIGINT, SIGTERM or ``stop``; ends between two transactions.

    Each source is polled every ``poll_seconds`` and swept every ``options.sweep_seconds``
    (default 300). A source that fails is tried again after a growing pause.

    Args:
        on_load: called after each load that wrote something.
        on_report: called after each pass that wrote something or failed.
    """
    chosen = _chosen(settings, source)
    stopping = stop or threading.Event()
    con = connect("write", settings=settings)
    try:
        ensure_tables(con, all_contracts(), settings)
        with _signals(stopping):
            _poll(con, settings, chosen, stopping, on_load, on_report)
    finally:
        con.close()


def _poll(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    chosen: list[SourceSettings],
    stopping: threading.Event,
    on_load: OnLoad | None,
    on_report: OnReport | None,
) -> None:
    memory: dict[str, dict[str, object]] = {one.name: {} for one in chosen}
    due = dict.fromkeys(memory, 0.0)
    swept = dict.fromkeys(memory, float("-inf"))
    failures = dict.fromkeys(memory, 0)
    while not stopping.is_set():
        for one in chosen:
            now = time.monotonic()
            if now < due[one.name] or stopping.is_set():
                continue
            interval = float(one.options.get("sweep_seconds", _SWEEP_SECONDS))
            sweep = now - swept[one.name] >= interval
            report = _pass(
                PassContext(
                    con,
                    settings,
                    one,
                    sweep=sweep,
                    repeated=True,
                    on_load=on_load,
                    stopping=stopping.is_set,
                    memory=memory[one.name],
                )
            )
            pause = one.poll_seconds
            if report.error is not None:
                failures[one.name] += 1
                memory[one.name].clear()
                pause = min(pause * 2 ** failures[one.name], _LONGEST_BACKOFF_SECONDS)
            else:
                failures[one.name] = 0
                if sweep:
                    swept[one.name] = now
            due[one.name] = time.monotonic() + pause
            if on_report is not None and (report.loads or report.failed):
                on_report(report)
        wait = min(due.values(), default=0.0) - time.monotonic()
        stopping.wait(min(max(wait, 0.0), _IDLE_SECONDS))


def _pass(context: PassContext) -> SourceReport:
    """One pass over one source; its failure is recorded and reported, not raised."""
    started = time.monotonic()
    source = context.source
    error: str | None = None
    try:
        with _only_pass(context):
            context.state = read_state(context.con, source.tenant, source.name)
            connector_of(source).sync(context)
    except (SourceError, ContractError, SettingsError) as failure:
        error = failure.describe()
        context.problems.append(
            Problem("", "error", failure.what, failure.todo or "see the message of the sync")
        )
    if context.memory.get("problems") != context.problems:
        source_problems.store(context.con, source, context.problems, context.settings)
        context.memory["problems"] = list(context.problems)
    return SourceReport.of(
        source.name,
        source.kind,
        context.results,
        context.problems,
        round(time.monotonic() - started, 3),
        error,
    )


@contextmanager
def _only_pass(context: PassContext) -> Iterator[None]:
    """No two passes over one source at once: what one reads, the other must not outdate."""
    folder = context.settings.warehouse_path
    name = f"source-{context.source.tenant}-{context.source.name}.lock"
    lock = FileLock(folder / name)
    try:
        lock.acquire(timeout=context.settings.lock_timeout_seconds, poll_interval=0.05)
    except Timeout as error:
        raise LockTimeoutError(
            f"Another process has been loading {context.source.name} for too long.",
            where=str(folder / name),
            todo="wait for it, or stop it",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the loop; only the main thread may listen to them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _chosen(settings: Settings, source: str | None) -> list[SourceSettings]:
    chosen = settings.sources if source is None else [settings.source(source)]
    for one in chosen:
        connector_of(one)
    order = list(CONNECTORS)
    return sorted(chosen, key=lambda one: order.index(one.kind))
