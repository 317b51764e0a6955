"""Tells Dagster what `daybook sync` loaded, so that its assets are as fresh as the lake.

Each load becomes a materialization of the asset that a scheduled run would build. Reports are
gathered and sent by a thread: importing the orchestrator takes seconds, and a poll waits for
neither that nor its database.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.batch import LoadResult
from warehouse.settings import Settings

UP_FILE = "up.pid"
_BATCH_SECONDS = 5.0
# Waiting for the last batch when the service stops.
_LAST_SECONDS = 1.0


def dagster_home(settings: Settings) -> Path | None:
    """Where Dagster keeps its state: DAGSTER_HOME, else that of a running `daybook up`."""
    named = os.environ.get("DAGSTER_HOME")
    if named:
        return Path(named)
    home = settings.home / "dagster"
    try:
        os.kill(int((home / UP_FILE).read_text("utf-8")), 0)
    except (OSError, ValueError):
        return None
    return home


class LoadReporter:
    """Gathers loads and reports them in batches. Start it once, call it for each load."""

    def __init__(self, settings: Settings, batch_seconds: float = _BATCH_SECONDS) -> None:
        self._settings = settings
        self._batch_seconds = batch_seconds
        self._loads: queue.SimpleQueue[LoadResult] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load-reports", daemon=True)

    def __call__(self, load: LoadResult) -> None:
        """Take note of a load; never waits."""
        self._loads.put(load)

    @contextmanager
    def running(self) -> Iterator[LoadReporter]:
        """Report while the block runs, and what is left at its end."""
        self._thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._thread.join(_LAST_SECONDS)

    def _run(self) -> None:
        while True:
            ended = self._ended.wait(self._batch_seconds)
            home = dagster_home(self._settings)
            loads = self._gathered()
            if loads and home is not None:
                try:
                    report(home, loads)
                except Exception as failure:
                    # The lake has the loads; Dagster's page is only less fresh.
                    print(f"Dagster was not told of {len(loads)} loads: {failure}", file=sys.stderr)
            if ended:
                return

    def _gathered(self) -> list[LoadResult]:
        loads: list[LoadResult] = []
        while True:
            try:
                loads.append(self._loads.get_nowait())
            except queue.Empty:
                return loads


def report(home: Path, loads: Iterable[LoadResult]) -> None:
    """Report loads to the instance of ``home``: one materialization a table and source."""
    import dagster as dg

    from orchestration.assets.loading import raw_key

    grouped: dict[tuple[str, str], list[LoadResult]] = defaultdict(list)
    for load in loads:
        grouped[load.table, load.source].append(load)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for (table, source), group in sorted(grouped.items()):
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    asset_key=raw_key(table),
                    description="daybook sync",
                    metadata={
                        "rows_new": sum(item.new for item in group),
                        "rows_changed": sum(item.changed for item in group),
                        "rows_deleted": sum(item.deleted for item in group),
                        "rows_quarantined": sum(item.quarantined for item in group),
                        "sources": source,
                        "loads": len(group),
                        "last_load_id": max(item.load_id or 0 for item in group),
                    },
                )
            )
