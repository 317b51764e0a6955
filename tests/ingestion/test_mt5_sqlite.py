"""The MT5 connector on SQLite: the shared behaviour, and what only this file can show."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

import pytest

from ingestion.sync import sync_forever, sync_once
from tests.ingestion.exports import DEALS, SECOND, T0, USERS, Export, deal, mt5, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt5_behaviour import Mt5Behaviour, deals, loaded


class TestMt5OnSqlite(Mt5Behaviour):
    """All shared tests on the embedded default."""


def test_small_chunks_load_what_one_read_loads(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 60)])
    settings = settings_for(home, mt5(export.url, chunk_rows=10))
    report = sync_once(settings).sources[0]
    assert report.new == 59
    assert report.loads >= 6
    assert len(deals(settings)) == 59
    assert one(settings, "SELECT count(DISTINCT _row_id) FROM lake.raw.mt5_deals") == 59
    export.update("mt5_deals", "1 = 1", Timestamp=T0 + 10**12)
    assert sync_once(settings).sources[0].changed == 59


def test_a_missing_column_stops_its_table_only(home: Path, export: Export) -> None:
    without_profit = {name: kind for name, kind in DEALS.items() if name != "Profit"}
    export.create("mt5_deals", DEALS, [deal(1)])
    export.create("mt5_deals_2026", without_profit)
    settings = settings_for(home, mt5(export.url))
    report = sync_once(settings)
    assert report.failed
    assert report.sources[0].error is None
    assert deals(settings) == [(1, 1.0)]
    problems = rows(
        settings,
        "SELECT table_name, what, todo FROM lake.meta.source_problems WHERE severity = 'error'",
    )
    assert len(problems) == 1
    assert problems[0][:2] == ("mt5_deals", "Table mt5_deals_2026 has no column Profit.")
    assert "export Profit again" in problems[0][2]
    export.run("ALTER TABLE mt5_deals_2026 ADD COLUMN Profit double")
    assert not sync_once(settings).failed
    assert (
        one(settings, "SELECT count(*) FROM lake.meta.source_problems WHERE severity = 'error'")
        == 0
    )


def test_a_renamed_table_is_an_error_and_deletes_nothing(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = loaded(home, export)
    export.run("ALTER TABLE mt5_deals RENAME TO mt5_deals_old")
    report = sync_once(settings)
    assert report.failed
    whats = [problem.what for problem in report.sources[0].problems]
    assert any("no table mt5_deals or mt5_deals_YYYY" in what for what in whats)
    assert any("mt5_deals was loaded before" in what for what in whats)
    assert deals(settings) == [(1, 1.0)]


def test_an_emptied_table_deletes_nothing(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = loaded(home, export)
    export.delete("mt5_deals", "1 = 1")
    report = sync_once(settings)
    assert report.failed
    assert deals(settings) == [(1, 1.0)]


def test_an_empty_source_is_no_error(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS)
    report = sync_once(settings_for(home, mt5(export.url)))
    assert not report.failed
    assert report.rows_new == 0


def test_a_text_in_a_number_column_is_quarantined(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1), deal(2, Profit="much"), deal(3)])
    settings = loaded(home, export)
    assert [number for number, _ in deals(settings)] == [1, 3]
    assert rows(settings, "SELECT row_key, column_name, reason FROM lake.raw.quarantine") == [
        ("2", "profit", "Profit is not a DOUBLE")
    ]


def test_a_locked_database_fails_alone(home: Path, export: Export, tmp_path: Path) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    (tmp_path / "other.sqlite").touch()
    other = Export(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.create("mt5_deals", DEALS, [deal(2)])
    settings = settings_for(home, mt5(export.url), mt5(other.url, "mt5_other"))
    lock = sqlite3.connect(tmp_path / "mt5.sqlite")
    lock.execute("BEGIN EXCLUSIVE")
    try:
        report = sync_once(settings)
    finally:
        lock.rollback()
        lock.close()
    first, second = report.sources
    assert first.error is not None
    assert "locked" in first.error
    assert second.error is None
    assert [number for number, _ in deals(settings)] == [2]
    assert rows(
        settings, "SELECT source, severity FROM lake.meta.source_problems WHERE table_name = ''"
    ) == [("mt5_live", "error")]
    assert not sync_once(settings).failed
    assert [number for number, _ in deals(settings)] == [1, 2]


def test_a_missing_file_is_a_clear_error(home: Path, tmp_path: Path) -> None:
    report = sync_once(settings_for(home, mt5(f"sqlite:///{tmp_path / 'none.sqlite'}")))
    assert "does not exist" in (report.sources[0].error or "")
    assert not (tmp_path / "none.sqlite").exists()


def test_two_servers_with_the_same_logins_and_deals(
    home: Path, export: Export, tmp_path: Path
) -> None:
    (tmp_path / "b.sqlite").touch()
    other = Export(f"sqlite:///{tmp_path / 'b.sqlite'}")
    export.create("mt5_deals", DEALS, [deal(1), deal(2)])
    other.create("mt5_deals", DEALS, [deal(1, Profit=-1.0)])
    settings = settings_for(home, mt5(export.url), mt5(other.url, "mt5_b"))
    sync_once(settings)
    other.delete("mt5_deals", "Deal = 1")
    other.insert("mt5_deals", [deal(5)])
    sync_once(settings)
    assert rows(settings, f"SELECT _source, deal FROM {current('mt5_deals')} ORDER BY ALL") == [
        ("mt5_b", 5),
        ("mt5_live", 1),
        ("mt5_live", 2),
    ]


def test_a_timestamp_of_the_far_future_does_not_blind_the_cursor(
    home: Path, export: Export
) -> None:
    export.create("mt5_deals", DEALS, [deal(1), deal(2, Timestamp=9 * 10**18)])
    settings = loaded(home, export)
    export.update("mt5_deals", "Deal = 1", Profit=5.0, Timestamp=9 * 10**18 - 1)
    assert sync_once(settings, sweep=False).sources[0].changed == 1


def test_a_changed_group_touches_the_whole_history(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    user = {"Login": 1001, "Timestamp": T0, "Group": "a", "Name": "n"}
    export.create("mt5_users", USERS, [user])
    settings = loaded(home, export)
    before = one(settings, "SELECT max(load_id) FROM lake.meta.loads")
    export.update("mt5_users", "Login = 1001", Group="b")
    sync_once(settings)
    assert rows(
        settings,
        "SELECT login, business_date::VARCHAR FROM lake.meta.touched_accounts "
        f"WHERE load_id > {before}",
    ) == [(1001, "2026-10-28")]


def test_two_tables_that_contradict_each_other(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1), deal(2)])
    export.create("mt5_deals_2026", DEALS, [deal(2, Profit=-2.0)])
    settings = loaded(home, export)
    assert deals(settings) == [(1, 1.0), (2, 2.0)]
    ((key, reason),) = rows(settings, "SELECT row_key, reason FROM lake.raw.quarantine")
    assert key == "2"
    assert "this one is of mt5_deals_2026" in reason
    sync_once(settings)
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 1
    assert deals(settings) == [(1, 1.0), (2, 2.0)]


def test_an_option_that_is_no_number_is_a_clear_error(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    report = sync_once(settings_for(home, mt5(export.url, chunk_rows="many")))
    assert "options.chunk_rows" in (report.sources[0].error or "")


@pytest.mark.slow
def test_the_poll_loop_loads_a_new_deal_and_stops(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    source = mt5(export.url).model_copy(update={"poll_seconds": 0.05})
    settings = settings_for(home, source)
    stop, first, second = threading.Event(), threading.Event(), threading.Event()
    seen: list[int] = []

    def on_load(result: object) -> None:
        new = getattr(result, "new", 0)
        if getattr(result, "table", "") == "mt5_deals" and new:
            seen.append(new)
            (first if len(seen) == 1 else second).set()

    loop = threading.Thread(
        target=sync_forever, args=(settings,), kwargs={"on_load": on_load, "stop": stop}
    )
    loop.start()
    try:
        assert first.wait(60)
        export.insert("mt5_deals", [deal(2, Timestamp=T0 + 5000 * SECOND)])
        started = time.monotonic()
        assert second.wait(60)
        assert time.monotonic() - started < 30
    finally:
        stop.set()
        loop.join(60)
    assert not loop.is_alive()
    assert [number for number, _ in deals(settings)] == [1, 2]
