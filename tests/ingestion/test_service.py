"""`daybook sync` as a service: sources beside each other, their health, stop and restart."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors import registry
from ingestion.connectors.context import PassContext
from ingestion.health import read_health
from ingestion.maintenance import maintain
from ingestion.source_pass import forget, run_pass
from ingestion.sync import sync_forever, sync_once
from tests.ingestion.exports import DEALS, SECOND, T0, Export, deal, mt5, settings_for
from tests.ingestion.lake import one, rows
from tests.ingestion.mt5_behaviour import deals
from warehouse.connection import connect
from warehouse.settings import Settings, SourceSettings


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A database server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        yield f"postgresql+psycopg://nobody@127.0.0.1:{port}/none"


def quick(source: SourceSettings) -> SourceSettings:
    """The source, polled all the time."""
    return source.model_copy(update={"poll_seconds": 0.05})


@contextmanager
def service(settings: Settings, **options: Any) -> Iterator[None]:
    """A service that runs while the block does, and stops within five seconds."""
    stop = threading.Event()
    loop = threading.Thread(
        target=sync_forever, args=(settings,), kwargs={"stop": stop} | options, daemon=True
    )
    loop.start()
    try:
        yield
    finally:
        stop.set()
        asked = time.monotonic()
        loop.join(30)
        assert time.monotonic() - asked < 5
        assert not loop.is_alive()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_source_that_hangs_delays_no_other(home: Path, export: Export, silent_url: str) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = settings_for(home, quick(mt5(silent_url, "hangs")), quick(mt5(export.url)))
    seen: list[int] = []
    with service(settings, on_load=lambda load: seen.append(load.new)):
        until(lambda: bool(seen))
        hanging = read_health(settings, settings.source("hangs"))
        assert (hanging.last_poll_at, hanging.polling_since is not None) == (None, True)
        export.insert("mt5_deals", [deal(2, Timestamp=T0 + 10**12)])
        until(lambda: len(seen) == 2)
        until(lambda: read_health(settings, settings.source("hangs")).consecutive_failures == 1)
        failing = read_health(settings, settings.source("hangs"))
        assert failing.state() == "failing"
        assert "cannot be read" in (failing.last_error or "")
        until(lambda: one(settings, "SELECT count(*) FROM lake.meta.source_health") == 2)
    assert [number for number, _ in deals(settings)] == [1, 2]


def test_health_of_a_source_that_fails_and_comes_back(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    path = Path(export.url.removeprefix("sqlite:///"))
    settings = settings_for(home, quick(mt5(export.url)))
    source = settings.sources[0]
    assert read_health(settings, source).state() == "never"
    with service(settings):
        until(lambda: read_health(settings, source).last_load_at is not None)
        until(lambda: read_health(settings, source).state() == "ok")
        path.rename(path.with_suffix(".away"))
        until(lambda: read_health(settings, source).consecutive_failures >= 3)
        failing = read_health(settings, source)
        assert failing.failing_since is not None
        assert failing.last_success_at is not None
        assert failing.last_success_at <= failing.failing_since
        path.with_suffix(".away").rename(path)
        export.insert("mt5_deals", [deal(2, Timestamp=T0 + 10**12), deal(3, Timestamp=T0 + 10**12)])
        until(lambda: read_health(settings, source).consecutive_failures == 0)
        until(lambda: read_health(settings, source).last_load_rows == 2)
    stopped = read_health(settings, source)
    assert (stopped.process_id, stopped.next_try_at, stopped.total_rows) == (None, None, 3)
    gone = replace(stopped, process_id=2**22 + 1)
    assert gone.state() == "stopped"


def test_polls_that_find_nothing_leave_no_snapshot(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = settings_for(home, quick(mt5(export.url, live_seconds=0)))
    source = settings.sources[0]
    snapshots = "SELECT count(*) FROM ducklake_snapshots('lake')"
    with service(settings):
        until(lambda: one(settings, "SELECT count(*) FROM lake.meta.source_health") == 1)
        before = one(settings, snapshots)
        first = read_health(settings, source).last_poll_at
        time.sleep(1.5)
        assert read_health(settings, source).last_poll_at != first
        assert one(settings, snapshots) == before


def test_a_defect_in_one_connector_stops_no_other(
    home: Path, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(context: PassContext) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setitem(
        registry.CONNECTORS, "ecb", replace(registry.CONNECTORS["ecb"], sync=broken)
    )
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = settings_for(
        home, quick(SourceSettings(name="ecb", kind="ecb")), quick(mt5(export.url))
    )
    reports: list[str] = []
    with service(settings, on_report=lambda report: reports.append(str(report.error))):
        until(lambda: "ZeroDivisionError: a defect" in reports)
        until(lambda: read_health(settings, settings.source("mt5_live")).last_load_rows == 1)


def test_what_another_process_loaded_between_two_polls_is_seen(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = settings_for(home, mt5(export.url))
    memory: dict[str, object] = {}

    def poll() -> int:
        context = PassContext(con, settings, settings.sources[0], repeated=True, memory=memory)
        return run_pass(context).new

    with connect("write", settings=settings) as con:
        assert poll() == 1
        export.insert("mt5_deals", [deal(2, Timestamp=T0 + 10**12)])
        assert sync_once(settings).rows_new == 1
        assert poll() == 0
        export.insert("mt5_deals", [deal(3, Timestamp=T0 + 2 * 10**12)])
        assert poll() == 1
        forget(memory)
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 3


def test_maintenance_keeps_every_snapshot_as_it_was(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS)
    settings = settings_for(home, mt5(export.url, overlap_seconds=1))
    sync_once(settings)
    number = 0
    for size in (900, 5, 900, 1, 900, 900, 2, 900, 120, 3, 4):
        export.insert(
            "mt5_deals",
            [
                deal(n % 800, Timestamp=T0 + n * SECOND) | {"Deal": n}
                for n in range(number, number + size)
            ],
        )
        number += size
        sync_once(settings, sweep=False)
    query = (
        "SELECT count(*), sum(deal), sum(hash(deal, profit, _row_id)) FROM lake.raw.mt5_deals{at}"
    )
    with connect("write", settings=settings) as con:
        last = con.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchall()
        versions = range(last[0][0] // 2, last[0][0] + 1)
        past = [query.format(at=f" AT (VERSION => {version})") for version in versions]
        before = [con.execute(one_past).fetchall() for one_past in (*past, query.format(at=""))]
        done = maintain(con, settings)
        assert done.files_joined >= 11
        assert [con.execute(q).fetchall() for q in (*past, query.format(at=""))] == before
        files = con.execute("SELECT count(*) FROM ducklake_list_files('lake', 'mt5_deals', "
                            "schema => 'raw')").fetchall()  # fmt: skip
        assert files[0][0] <= 2
        assert maintain(con, settings).files_joined == 0
    assert sync_once(settings).rows_new == 0
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == number


_CONFIG = """
home = "{home}"
[[sources]]
name = "mt5_live"
kind = "mt5"
url = "{url}"
poll_seconds = 0.05
[[sources]]
name = "hangs"
kind = "mt5"
url = "{silent}"
"""


@pytest.mark.slow
@pytest.mark.fault
def test_the_command_stops_in_five_seconds_and_tells_how_sources_fare(
    home: Path, export: Export, silent_url: str, tmp_path: Path
) -> None:
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 51)])
    config = tmp_path / "daybook.toml"
    config.write_text(_CONFIG.format(home=home, url=export.url, silent=silent_url), "utf-8")
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", "sync"]
    folder = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "DAYBOOK_CONFIG": str(config), "HOME": str(tmp_path),
                   "PYTHONPATH": str(folder)}  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
    ) as child:
        assert child.stdout is not None
        assert "mt5_deals: 50 new" in child.stdout.readline()
        told = subprocess.run(
            [*command, "--status", "--json"],
            capture_output=True, text=True, cwd=folder, env=environment, check=False,
        )  # fmt: skip
        child.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert child.wait(30) == 0
        assert time.monotonic() - asked < 6
        assert told.returncode == 1
        healths = {health["source"]: health for health in json.loads(told.stdout)}
        assert healths["mt5_live"]["last_load_rows"] == 50
        assert healths["mt5_live"]["process_id"] == child.pid
        assert healths["hangs"]["last_success_at"] is None
    settings = settings_for(home, mt5(export.url))
    assert len(deals(settings)) == 50
    assert rows(settings, "SELECT DISTINCT source FROM lake.meta.loads") == [("mt5_live",)]
