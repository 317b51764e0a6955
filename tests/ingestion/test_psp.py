"""A mapped provider in the lake: loads, corrections, batches, and a mapping that changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.psp_mappings import HEADER, mapping, source

TABLE = "psp_transactions"
DEPOSIT = "1,in,Done,EUR,10.00,0.10,2026-10-28 08:00:00,B1,ada@secret.example"
PENDING = "2,in,Open,EUR,20.00,0.20,2026-10-28 09:00:00,,"
PAYOUT = "9,payout,Paid,EUR,-9.90,0,2026-10-30 16:00:00,B1,"


def write(folder: Path, name: str, *lines: str, header: str = HEADER) -> None:
    """A file of the provider."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join((header, *lines, "")), "utf-8")


def test_loads_add_up_overlap_and_correct(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, source(folder, mapping()))
    write(folder, "2026-10-28.csv", DEPOSIT, PENDING)
    first = sync_once(settings).sources[0]
    assert (first.new, first.problems) == (2, ())
    assert sync_once(settings).sources[0].loads == 0
    # The next export repeats the last one; what was pending is settled now.
    write(folder, "2026-10-29.csv", DEPOSIT, PENDING.replace("Open", "Done"), PAYOUT)
    second = sync_once(settings).sources[0]
    assert (second.new, second.changed, second.held, second.deleted) == (1, 1, 1, 0)
    assert second.problems == ()
    versions = f"SELECT status FROM lake.raw.{TABLE} WHERE event_id = '2' ORDER BY _load_id"
    assert rows(settings, versions) == [("pending",), ("settled",)]
    assert rows(settings, f"SELECT _source_table, _source_row FROM {current(TABLE)} "
                          "WHERE event_id = '9'") == [("2026-10-29.csv", 4)]  # fmt: skip
    assert "secret" not in str(rows(settings, f"SELECT * FROM lake.raw.{TABLE}"))
    assert one(settings, f"SELECT max(payer_email) FROM lake.pii.{TABLE}") == "ada@secret.example"


def test_a_batch_that_does_not_net_to_zero_is_shown_until_it_does(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, source(folder, mapping()))
    write(folder, "a.csv", DEPOSIT, "7,in,No,EUR,5.00,0,2026-10-28 09:00:00,B1,")
    # Not paid out yet: nothing is wrong with it, and a declined attempt moves nothing.
    assert not sync_once(settings).failed
    write(folder, "b.csv", PAYOUT.replace("-9.90", "-9.89"))
    for _ in range(2):
        report = sync_once(settings).sources[0]
        assert report.failed
        assert report.problems[0].what == (
            "Batch B1 of purse does not net to zero: its 2 rows in EUR come to 0.01."
        )
    assert one(settings, f"SELECT count(*) FROM {current(TABLE)}") == 3
    write(folder, "c.csv", PAYOUT)
    assert not sync_once(settings).failed


def test_rows_wait_in_quarantine_for_the_mapping_to_name_their_status(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, source(folder, mapping()))
    write(folder, "a.csv", DEPOSIT, PENDING.replace("Open", "Melted"))
    write(folder, "b.csv", "3,in,Done,EUR,30.00,0,2026-10-28 10:00:00,,")
    report = sync_once(settings).sources[0]
    assert (report.new, report.quarantined) == (2, 1)
    assert "status 'Melted'" in one(settings, "SELECT reason FROM lake.raw.quarantine")
    # Nobody delivers anything again: the archived files are read under the new mapping.
    for path in folder.iterdir():
        path.unlink()
    corrected = settings_for(home, source(folder, mapping(statuses={"Melted": "failed"})))
    again = sync_once(corrected).sources[0]
    assert (again.new, again.changed, again.held) == (1, 0, 2)
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    assert rows(settings, f"SELECT event_id, status FROM {current(TABLE)} ORDER BY 1") == [
        ("1", "settled"),
        ("2", "failed"),
        ("3", "settled"),
    ]
    assert sync_once(corrected).sources[0].loads == 0


def test_a_changed_meaning_makes_new_versions_of_the_newest_rows(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write(folder, "a.csv", DEPOSIT, PENDING)
    write(folder, "b.csv", PENDING.replace("Open", "Done"))
    settings = settings_for(home, source(folder, mapping()))
    sync_once(settings)
    held = one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}")
    changed = settings_for(home, source(folder, mapping(statuses={"Done": "approved"})))
    report = sync_once(changed).sources[0]
    assert (report.new, report.changed) == (0, 2)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == held + 2
    assert one(settings, f"SELECT count(*) FROM {current(TABLE)} WHERE status = 'approved'") == 2


def test_a_crash_leaves_all_of_a_load_or_nothing(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, source(folder, mapping()))
    write(folder, "a.csv", DEPOSIT, PENDING)
    # The first load of all only notes the mapping.
    for step, fails_at, held in (("began", 2, 0), ("written", 1, 0), ("committed", 1, 2)):
        seen: list[str] = []

        def fault(
            name: str, fatal: str = step, count: int = fails_at, seen: list[str] = seen
        ) -> None:
            seen.append(name)
            if seen.count(fatal) == count:
                raise RuntimeError("the power is off")

        with pytest.raises(RuntimeError):
            sync_once(settings, fault=fault)
        assert one(settings, f"SELECT count(*) FROM {current(TABLE)}") == held
    sync_once(settings)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 2
    assert sync_once(settings).sources[0].loads == 0


def test_accounts_sources_and_tenants_do_not_mix(home: Path, tmp_path: Path) -> None:
    accounts = f"{HEADER},account"
    options = mapping(columns={"psp_account": "account"})
    for name in ("one", "two"):
        write(tmp_path / name, "a.csv", f"{DEPOSIT},A", f"{DEPOSIT},B", header=accounts)
    settings = settings_for(
        home,
        source(tmp_path / "one", options, "one"),
        source(tmp_path / "two", options, "two", tenant="other"),
    )
    assert not sync_once(settings).failed
    held = rows(settings, f"SELECT _tenant_id, _source, psp_account FROM {current(TABLE)} "
                          "ORDER BY ALL")  # fmt: skip
    assert held == [
        ("demo", "one", "A"),
        ("demo", "one", "B"),
        ("other", "two", "A"),
        ("other", "two", "B"),
    ]


def test_a_wrong_mapping_an_empty_folder_and_a_missing_column(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    wrong = sync_once(settings_for(home, source(folder, mapping(sign={"rule": "odd"}))))
    assert "sign.rule" in str(wrong.sources[0].error)
    settings = settings_for(home, source(folder, mapping()))
    assert (sync_once(settings).failed, sync_once(settings).sources[0].loads) == (False, 0)
    short = HEADER.replace("state,", "")
    write(folder, "a.csv", DEPOSIT.replace("Done,", ""), header=short)
    write(folder, "b.csv", header=HEADER)
    report = sync_once(settings).sources[0]
    assert report.failed
    assert report.problems[0].what == (
        "a.csv has no column state, which the mapping names for columns.status."
    )
    # The header may come back under the same name: then the file is taken.
    write(folder, "a.csv", DEPOSIT)
    assert sync_once(settings).sources[0].new == 1
