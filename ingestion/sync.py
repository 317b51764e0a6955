"""Runs the connectors: once over all sources, or for ever as a service."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ingestion.connectors.context import PassContext
from ingestion.connectors.registry import CONNECTORS, all_contracts, connector_of
from ingestion.health import read_health, write_health
from ingestion.loader import FaultMarker
from ingestion.raw_tables import ensure_tables
from ingestion.reports import SourceReport, SyncReport
from ingestion.service import OnLoad, OnMaintained, OnReport, SyncService
from ingestion.source_pass import forget, run_pass
from warehouse.connection import connect, leave_lake
from warehouse.settings import Settings, SourceSettings


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
        leave_lake(con)
        return SyncReport(
            [
                _reported(
                    PassContext(con, settings, one, sweep=sweep, on_load=progress, fault=fault)
                )
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
    on_maintained: OnMaintained | None = None,
    maintenance_seconds: float = 120.0,
) -> list[str]:
    """Poll every source until SIGINT, SIGTERM or ``stop``, each in a thread of its own.

    Each source is polled every ``poll_seconds`` and swept every ``options.sweep_seconds``
    (default 300). A source that fails is tried again after a growing pause, up to a minute.
    Stops within five seconds; what was not committed by then is loaded at the next start.

    Args:
        on_load: called, by several threads, after each load that wrote something.
        on_report: called after each pass that wrote something or failed.
        on_maintained: called after each round of maintenance of the lake.
        maintenance_seconds: pause between two rounds; 0 leaves maintenance out.

    Returns:
        Names of sources that hung and were left behind: end the process by ``os._exit``.

    Raises:
        SettingsError: no source has that name.
        DaybookError: the lake cannot be opened.
    """
    chosen = _chosen(settings, source)
    stopping = stop or threading.Event()
    con = connect("write", settings=settings)
    ensure_tables(con, all_contracts(), settings)
    service = SyncService(
        con,
        settings,
        chosen,
        stopping,
        on_load,
        on_report,
        on_maintained,
        maintenance_seconds,
    )
    with _signals(stopping):
        left = service.run()
    if not left:
        # Under a thread that still uses it, closing would bring down the process.
        con.close()
    return left


def _reported(context: PassContext) -> SourceReport:
    """One pass whose outcome the source's health shows, as that of a service does."""
    health = read_health(context.settings, context.source).begun()
    report = run_pass(context)
    write_health(context.settings, health.ended(report, None))
    forget(context.memory)
    return report


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
