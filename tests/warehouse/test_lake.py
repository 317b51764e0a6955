"""The one door: what is written, seen, published and read again as of then."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.errors import DaybookError, LockTimeoutError, SnapshotError
from warehouse.publishing import current_snapshot, publish, published_days, resolve_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction, writer_lock

DAY = dt.date(2026, 3, 2)


@pytest.fixture
def writer(installation: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    con = connect("write", settings=installation)
    with transaction(con, "lay a mart", installation):
        con.execute("CREATE SCHEMA finance")
        con.execute("CREATE TABLE finance.figures AS SELECT 1 AS figure")
    yield con
    con.close()


def figure(settings: Settings, as_of: int | str | None = None) -> int:
    with connect("read", as_of, settings=settings) as con:
        return int(con.execute("SELECT figure FROM finance.figures").fetchall()[0][0])


def test_reading_nothing_says_what_to_do(installation: Settings) -> None:
    with pytest.raises(DaybookError, match="no warehouse here yet") as raised:
        connect("read", settings=installation)
    assert "daybook sync" in raised.value.todo


def test_a_reader_cannot_write(installation: Settings, writer: duckdb.DuckDBPyConnection) -> None:
    with (
        connect("read", settings=installation) as con,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        con.execute("INSERT INTO finance.figures VALUES (2)")


def test_published_figures_stay_after_a_correction(
    installation: Settings, writer: duckdb.DuckDBPyConnection
) -> None:
    first = current_snapshot(writer)
    publish(
        writer,
        [("demo", "mt5", DAY)],
        snapshot_id=first,
        build_id=1,
        checks={},
        published_by="test",
        settings=installation,
    )
    with transaction(writer, "correct it", installation):
        writer.execute("UPDATE finance.figures SET figure = 2")
    assert figure(installation) == 2
    assert figure(installation, first) == 1
    assert figure(installation, "latest") == 1
    today = dt.datetime.now(dt.UTC).date()
    assert figure(installation, today.isoformat()) == 1
    publish(
        writer,
        [("demo", "mt5", DAY)],
        snapshot_id=current_snapshot(writer),
        build_id=2,
        checks={},
        published_by="test",
        settings=installation,
    )
    assert figure(installation, "latest") == 2
    assert [(day.business_date, day.version) for day in published_days(writer)] == [(DAY, 2)]
    with pytest.raises(SnapshotError, match="Nothing was published"):
        resolve_snapshot("2020-01-01", installation)


@pytest.mark.parametrize("as_of", ["999999", "yesterday", "2026-13-01"])
def test_no_such_past(
    installation: Settings, writer: duckdb.DuckDBPyConnection, as_of: str
) -> None:
    with pytest.raises(SnapshotError):
        connect("read", as_of, settings=installation)


def test_a_commit_says_why_and_by_which_code(
    installation: Settings, writer: duckdb.DuckDBPyConnection
) -> None:
    with transaction(writer, "load 17: mt5_deals", installation, load_id=17):
        writer.execute("UPDATE finance.figures SET figure = 3")
    message, extra = writer.execute(
        "SELECT commit_message, commit_extra_info FROM ducklake_snapshots('lake') "
        "ORDER BY snapshot_id DESC LIMIT 1"
    ).fetchall()[0]
    assert message == "load 17: mt5_deals"
    assert json.loads(extra)["load_id"] == 17
    assert json.loads(extra)["code_version"]


def test_a_failed_change_leaves_nothing(
    installation: Settings, writer: duckdb.DuckDBPyConnection
) -> None:
    before = current_snapshot(writer)

    def half_done() -> None:
        with transaction(writer, "half done", installation):
            writer.execute("UPDATE finance.figures SET figure = 9")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        half_done()
    assert figure(installation) == 1
    assert current_snapshot(writer) == before


def holder(home: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the writer lock."""
    code = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from warehouse.settings import Settings
        from warehouse.writer import writer_lock
        with writer_lock(Settings(home=Path({str(home)!r}))):
            print("held", flush=True)
            time.sleep({seconds})
        """
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_a_second_writer_waits_with_a_message(
    installation: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    process = holder(installation.home, 3.0)
    started = time.monotonic()
    with writer_lock(installation):
        waited = time.monotonic() - started
    process.wait()
    assert waited > 1.5
    assert f"held by process {process.pid}" in capsys.readouterr().err


def test_waiting_ends_with_an_error_that_names_the_holder(installation: Settings) -> None:
    settings = installation.model_copy(update={"lock_timeout_seconds": 0.1})
    process = holder(installation.home, 20.0)
    try:
        with (
            pytest.raises(LockTimeoutError, match=f"process {process.pid}") as raised,
            writer_lock(settings),
        ):
            pass
        assert raised.value.exit_code == 3
    finally:
        process.kill()
        process.wait()


@pytest.mark.fault
def test_a_killed_writer_leaves_no_lock(installation: Settings) -> None:
    process = holder(installation.home, 60.0)
    process.kill()
    process.wait()
    with writer_lock(installation.model_copy(update={"lock_timeout_seconds": 5.0})):
        pass


def test_two_processes_write_one_after_the_other(
    installation: Settings, writer: duckdb.DuckDBPyConnection
) -> None:
    code = textwrap.dedent(
        f"""
        from pathlib import Path
        from warehouse.connection import connect
        from warehouse.settings import Settings
        from warehouse.writer import transaction
        settings = Settings(home=Path({str(installation.home)!r}))
        con = connect("write", settings=settings)
        for _ in range(20):
            with transaction(con, "count", settings):
                con.execute("UPDATE finance.figures SET figure = figure + 1")
        """
    )
    others = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(timeout=120) for process in others] == [0, 0]
    assert figure(installation) == 41
