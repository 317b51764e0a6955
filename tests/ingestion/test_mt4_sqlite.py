"""The MT4 connector on SQLite: the shared behaviour, and what only this file can show."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ingestion.connectors.context import PassContext
from ingestion.connectors.mt4.connector import sync
from ingestion.source_state import read_state
from ingestion.sync import sync_once
from tests.ingestion.exports import Export, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt4_behaviour import Mt4Behaviour, held, ties
from tests.ingestion.mt4_exports import TRADES, USERS, add, at, fill, mt4, opened, trade, user
from warehouse.connection import connect
from warehouse.settings import SourceSettings


class TestMt4OnSqlite(Mt4Behaviour):
    """All shared tests on the demo's database."""


def test_other_tables_and_columns_are_left_alone(home: Path, export: Export) -> None:
    export.create("mt4_trades", TRADES | {"COMPLIANCE_NOTES": "TEXT"}, [
        trade(1) | {"COMPLIANCE_NOTES": "seen"}
    ])  # fmt: skip
    fill(export, trade(99), table="mt4_trades_full")
    fill(export, trade(98), table="mt4_trades_archive")
    export.create("MT4_CONFIG", {"CONFIG": "BIGINT", "VALUE_STR": "TEXT"}, [
        {"CONFIG": 1, "VALUE_STR": "10.0.0.1:443"}
    ])  # fmt: skip
    export.create("MT4_USERS", USERS, [user()])
    settings = settings_for(home, mt4(export.url))
    report = sync_once(settings)
    assert not report.failed
    assert list(held(settings)) == [1]
    whats = [problem.what for problem in report.sources[0].problems]
    assert "Table mt4_trades has columns that are not loaded: COMPLIANCE_NOTES." in whats
    # What is left out on purpose is no news.
    assert not any("PASSWORD_PHONE" in what or "MT4_CONFIG" in what for what in whats)
    assert "10.0.0.1" not in str(rows(settings, "SELECT * FROM lake.meta.source_problems"))


def test_a_missing_column_or_table_stops_that_table_only(home: Path, export: Export) -> None:
    without = {name: kind for name, kind in TRADES.items() if name != "SWAPS"}
    export.create("MT4_TRADES", without, [trade(1)])
    export.create("MT4_USERS", USERS, [user()])
    settings = settings_for(home, mt4(export.url))
    report = sync_once(settings)
    assert report.failed
    assert report.sources[0].error is None
    assert one(settings, "SELECT count(*) FROM lake.raw.mt4_users") == 1
    errors = [p.what for p in report.sources[0].problems if p.severity == "error"]
    assert errors == ["Table MT4_TRADES has no column SWAPS."]
    export.run("ALTER TABLE MT4_TRADES ADD COLUMN SWAPS double DEFAULT 0")
    assert not sync_once(settings).failed
    export.run("ALTER TABLE MT4_TRADES RENAME TO somewhere_else")
    gone = sync_once(settings).sources[0]
    assert any("no table MT4_TRADES" in problem.what for problem in gone.problems)
    assert list(held(settings)) == [1]


def test_an_empty_source_and_an_emptied_table(home: Path, export: Export) -> None:
    fill(export)
    settings = settings_for(home, mt4(export.url))
    report = sync_once(settings)
    assert not report.failed
    assert report.rows_new == 0
    add(export, trade(1))
    sync_once(settings)
    export.delete("MT4_TRADES", "1 = 1")
    assert sync_once(settings).failed
    assert list(held(settings)) == [1]


def test_two_servers_and_two_tenants_with_the_same_tickets(
    home: Path, export: Export, tmp_path: Path
) -> None:
    (tmp_path / "b.sqlite").touch()
    other = Export(f"sqlite:///{tmp_path / 'b.sqlite'}")
    fill(export, trade(1), trade(2))
    fill(other, trade(1, PROFIT=-1.0))
    settings = settings_for(
        home, mt4(export.url), mt4(other.url, "mt4_b"), mt4(other.url, "mt4_white", "white")
    )
    sync_once(settings)
    other.delete("MT4_TRADES", "TICKET = 1")
    add(other, trade(5))
    sync_once(settings)
    assert rows(
        settings, f"SELECT _tenant_id, _source, ticket FROM {current('mt4_trades')} ORDER BY ALL"
    ) == [
        ("demo", "mt4_b", 5),
        ("demo", "mt4_live", 1),
        ("demo", "mt4_live", 2),
        ("white", "mt4_white", 5),
    ]
    assert one(settings, "SELECT count(*) FROM lake.meta.servers") == 3


def test_small_chunks_and_the_indexed_marker(home: Path, export: Export) -> None:
    fill(export, *(trade(n) for n in range(1, 60)))
    settings = settings_for(
        home, mt4(export.url, chunk_rows=10, marker="timestamp", overlap_seconds=0)
    )
    report = sync_once(settings).sources[0]
    assert report.new == 59
    assert report.loads >= 6
    assert len(held(settings)) == 59
    # MODIFY_TIME is not what is asked for: the poll does not see it, the sweep does.
    export.update("MT4_TRADES", "TICKET = 2", PROFIT=-2.0, MODIFY_TIME=at(190))
    assert sync_once(settings, sweep=False).sources[0].changed == 0
    assert sync_once(settings).sources[0].changed == 1
    assert ties(settings)


def test_what_the_database_does_not_say_is_missed_aloud(
    home: Path, export: Export, tmp_path: Path
) -> None:
    fill(export, trade(1), opened(2, SYMBOL="XAUUSD.p"), trade(3, CMD=6, SYMBOL=""))
    export.create("MT4_USERS", USERS, [user(), user(2002, GROUP="B-USC", CURRENCY="")])
    folder = tmp_path / "broker"
    folder.mkdir()
    (folder / "desks.csv").write_text("desk,name\n", "utf-8")
    groups = "server_id,group_pattern,book,legal_entity,is_excluded,currency\n"
    (folder / "groups.csv").write_text(groups + "mt4_live,B-USD,B,X,false,\n", "utf-8")
    symbols = "server_id,symbol,contract_size,profit_currency\n"
    (folder / "symbols.csv").write_text(symbols + "mt4_live,EURUSD,100000,USD\n", "utf-8")
    broker = SourceSettings(name="broker", kind="broker", path=folder)
    settings = settings_for(home, broker, mt4(export.url))
    report = sync_once(settings)
    assert not report.failed
    assert len(held(settings)) == 3
    missed = {p.table: p.what for p in report.sources[1].problems if "known" in p.what}
    assert missed["mt4_trades"] == "No contract size and currencies are known of XAUUSD.p."
    assert missed["mt4_users"].endswith("groups is not known: B-USC.")
    (folder / "groups.csv").write_text(groups + "mt4_live,B-%,B,X,false,USC\n", "utf-8")
    (folder / "symbols.csv").write_text(
        symbols + "mt4_live,EURUSD,100000,USD\nmt4_live,XAUUSD.p,100,USD\n", "utf-8"
    )
    report = sync_once(settings)
    assert not any("known" in p.what for p in report.sources[1].problems)


def test_settings_that_cannot_be_used_are_named(home: Path, export: Export) -> None:
    fill(export, trade(1))
    source = mt4(export.url, marker="version")
    assert "options.marker" in (sync_once(settings_for(home, source)).sources[0].error or "")
    source = mt4(export.url).model_copy(update={"clock_zone": ""})
    assert "clock" in (sync_once(settings_for(home, source)).sources[0].error or "")


def test_a_poll_looks_twice_at_a_second_and_rests_after_a_slow_answer(
    home: Path, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(export, trade(1), trade(2))
    settings = settings_for(home, mt4(export.url))
    memory: dict[str, object] = {}
    rest = "rest:MT4_TRADES"

    def poll() -> int:
        with connect("write", settings=settings) as con:
            context = PassContext(con, settings, settings.sources[0], sweep=False, memory=memory)
            context.state = read_state(con, "demo", "mt4_live")
            sync(context)
        return sum(result.changed for result in context.results)

    def edit(profit: float) -> None:
        export.update("MT4_TRADES", "TICKET = 2", PROFIT=profit)

    settled = "ingestion.connectors.sql_tables.incremental._SETTLED_SECONDS"
    monkeypatch.setattr(settled, 3600.0)
    poll()
    memory.pop(rest, None)
    poll()
    # Changed again within the second of its marker: the poll has to look once more.
    edit(5.0)
    memory.pop(rest, None)
    assert poll() == 1
    monkeypatch.setattr(settled, 0.0)
    memory.pop(rest, None)
    poll()
    edit(6.0)
    memory.pop(rest, None)
    assert poll() == 0
    # A row with a later marker is seen, but not while the table rests.
    export.update("MT4_TRADES", "TICKET = 2", MODIFY_TIME=at(90))
    memory[rest] = time.monotonic() + 60
    assert poll() == 0
    memory.pop(rest, None)
    assert poll() == 1


_CHILD = """
    import os, signal, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.exports import settings_for
    from tests.ingestion.mt4_exports import mt4

    home, url = sys.argv[1:]
    steps = []

    def fault(step):
        steps.append(step)
        if step == "rows" and steps.count(step) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    sync_once(settings_for(Path(home), mt4(url, chunk_rows=20)), fault=fault)
"""


@pytest.mark.fault
@pytest.mark.slow
def test_kill_during_the_second_chunk(home: Path, export: Export) -> None:
    fill(export, *(trade(n) for n in range(1, 51)))
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(home), export.url],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    settings = settings_for(home, mt4(export.url, chunk_rows=20))
    assert len(held(settings)) == 20
    assert sync_once(settings).sources[0].new == 30
    assert one(settings, "SELECT count(*) FROM lake.raw.mt4_trades") == 50
    assert ties(settings)
