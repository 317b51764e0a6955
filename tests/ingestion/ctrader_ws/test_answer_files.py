"""The web service's answers as dropped files: told by content, read by header, taken once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.ingestion.ctrader_ws.service import (
    CLOSED_HEADER,
    OPEN_HEADER,
    account,
    closed_row,
    csv_text,
    open_row,
)
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings, SourceSettings

CLOSED, OPENED, TRADERS = (
    "ctrader_ws_closed_positions",
    "ctrader_ws_open_positions",
    "ctrader_ws_traders",
)


def source(path: Path, name: str = "ctrader_web", tenant: str = "demo") -> SourceSettings:
    """A folder of answers."""
    return SourceSettings(name=name, kind="ctrader_ws", path=path, tenant=tenant)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one answer of each kind."""
    path = tmp_path / "web"
    path.mkdir()
    (path / "closed.csv").write_text(
        csv_text(
            CLOSED_HEADER,
            [
                closed_row(1, "2026-03-02T11:00:00.000", volume="4000.00"),
                closed_row(2, "2026-03-02T12:00:00.123", volume="6000.00"),
            ],
        ),
        "utf-8",
    )
    (path / "open.csv").write_text(csv_text(OPEN_HEADER, [open_row(601), open_row(602)]), "utf-8")
    (path / "traders.json").write_text(json.dumps({"trader": [account()]}), "utf-8")
    return path


@pytest.fixture
def settings(home: Path, folder: Path) -> Settings:
    """An installation that reads it."""
    return settings_for(home, source(folder))


def count(settings: Settings, table: str) -> int:
    """Current rows of a table."""
    return int(one(settings, f"SELECT count(*) FROM {current(table)}"))


def test_files_are_told_by_their_content_and_taken_once(settings: Settings, folder: Path) -> None:
    first = sync_once(settings).sources[0]
    assert first.problems == ()
    assert [count(settings, table) for table in (CLOSED, OPENED, TRADERS)] == [2, 2, 1]
    assert rows(
        settings,
        f"SELECT position_id, deal_id, close_timestamp::VARCHAR FROM {current(CLOSED)} ORDER BY 2",
    ) == [(501, 1, "2026-03-02 11:00:00"), (501, 2, "2026-03-02 12:00:00.123")]
    assert "Secret" not in str(rows(settings, "SELECT * FROM lake.raw.ctrader_ws_traders"))
    assert sync_once(settings).sources[0].loads == 0
    # Overlap, a late change, a closed position; another order of the columns.
    moved = ",".join(reversed(CLOSED_HEADER.split(",")))
    (folder / "closed2.csv").write_text(
        csv_text(
            moved,
            [
                closed_row(2, "2026-03-02T12:00:00.123", volume="6000.00", swap="-0.13"),
                closed_row(3, "2026-03-03T09:00:00.000"),
            ],
        ),
        "utf-8",
    )
    (folder / "open2.csv").write_text(csv_text(OPEN_HEADER, [open_row(602)]), "utf-8")
    second = sync_once(settings).sources[0]
    assert (second.new, second.changed, second.deleted) == (1, 1, 1)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{CLOSED} WHERE deal_id = 2") == 2
    # No position is open: the header alone says so.
    (folder / "open3.csv").write_text(OPEN_HEADER + "\n", "utf-8")
    assert sync_once(settings).sources[0].deleted == 1


def test_bad_rows_and_broken_files_say_where(settings: Settings, folder: Path) -> None:
    (folder / "closed.csv").write_text(
        csv_text(
            CLOSED_HEADER,
            [
                closed_row(1, "2026-03-02T11:00:00.000"),
                closed_row(2, "yesterday"),
                closed_row(3, "2026-03-02T11:00:00.000", bookType="BOOK_C"),
                closed_row(4, "2026-03-02T11:00:00.000", pnl="12.5x"),
                closed_row(1, "2026-03-02T11:00:00.000", pnl="0.01"),
            ],
        ),
        "utf-8",
    )
    (folder / "cut.csv").write_text(
        csv_text(CLOSED_HEADER, [closed_row(8, "2026-03-02T11:00:00.000")])[:-30], "utf-8"
    )
    (folder / "cut.json").write_text('{"trader": [{"log', "utf-8")
    (folder / "empty.csv").write_text("", "utf-8")
    (folder / "old.csv").write_text(
        csv_text(CLOSED_HEADER.replace("dealId,", ""), [closed_row(9, "2026-03-02T11:00:00.000")]),
        "utf-8",
    )
    (folder / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    (folder / "lists.json").write_text(json.dumps({"trader": [{"login": 1, "age": 3}]}), "utf-8")
    report = sync_once(settings)
    assert report.failed
    whats = [problem.what for problem in report.sources[0].problems]
    assert whats.pop(1).startswith("cut.json is no JSON: Unterminated string")
    assert whats == [
        "cut.csv: rows without 18 fields: 2 (1 in all); nothing of the file was loaded.",
        "empty.csv is no file of this source: its layout is not known.",
        "lists.json has fields that are not loaded: age.",
        "lists.json has no field groupName, depositCurrency, moneyDigits, balance, "
        "registrationTimestamp.",
        "old.csv has no column dealId.",
        "other.csv is no file of this source: its layout is not known.",
    ]
    assert rows(settings, "SELECT row_key, row_number, column_name FROM lake.raw.quarantine "
                "ORDER BY 2") == [
        ("2", 3, "close_timestamp"),
        ("3", 4, "book_type"),
        ("4", 5, "pnl"),
        ("1", 6, None),
    ]  # fmt: skip
    assert [n for (n,) in rows(settings, f"SELECT deal_id FROM {current(CLOSED)}")] == [1]


def test_two_services_and_two_tenants_with_the_same_ids_stay_apart(
    home: Path, folder: Path
) -> None:
    shutil.copytree(folder, folder.parent / "second")
    settings = settings_for(
        home,
        source(folder),
        source(folder.parent / "second", "ctrader_web2"),
        source(folder, "ctrader_white", tenant="white"),
    )
    assert not sync_once(settings).failed
    assert rows(
        settings,
        f"SELECT _tenant_id, _source, count(*) FROM lake.raw.{CLOSED} GROUP BY ALL ORDER BY 2",
    ) == [("demo", "ctrader_web", 2), ("demo", "ctrader_web2", 2), ("white", "ctrader_white", 2)]


_CHILD = """
    import os, signal, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.ctrader_ws.test_answer_files import source
    from tests.ingestion.exports import settings_for

    def fault(step):
        if step == "written":
            os.kill(os.getpid(), signal.SIGKILL)

    sync_once(settings_for(Path(sys.argv[1]), source(Path(sys.argv[2]))), fault=fault)
"""


@pytest.mark.fault
def test_a_kill_before_the_commit_leaves_nothing(
    settings: Settings, folder: Path, home: Path
) -> None:
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(home), str(folder)],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[3],
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert count(settings, CLOSED) == 0
    assert not sync_once(settings).failed
    assert count(settings, CLOSED) == 2
