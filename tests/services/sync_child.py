"""A `daybook sync` to be killed: forked from a server that has imported everything already."""

from __future__ import annotations

import multiprocessing
from multiprocessing.process import BaseProcess

from tests.ingestion.exports import mt5, settings_for
from warehouse.settings import Settings


def settings_of(home: str, urls: dict[str, str]) -> Settings:
    """An installation that polls these exports without a pause, small chunks, frequent sweeps."""
    from pathlib import Path

    sources = [
        mt5(
            url, name, chunk_rows=200, overlap_seconds=30, sweep_seconds=1, live_seconds=0
        ).model_copy(update={"poll_seconds": 0.05})
        for name, url in urls.items()
    ]
    return settings_for(Path(home), *sources)


def serve(home: str, urls: dict[str, str]) -> None:
    """Run the service until killed."""
    from ingestion.sync import sync_forever

    sync_forever(settings_of(home, urls), maintenance_seconds=0.5)


def start(home: str, urls: dict[str, str]) -> BaseProcess:
    """A new process that runs :func:`serve`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ingestion.sync", "tests.services.sync_child", "psycopg"])
    child = context.Process(target=serve, args=(home, urls), daemon=True)
    child.start()
    return child
