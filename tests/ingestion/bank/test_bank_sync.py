"""A bank source taken in: exactly once, whatever comes twice, late, cut or corrected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.bank.bank_files import IBAN, bank, camt, detail, entry, mt940, statement
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    made.mkdir()
    return made


def synced(settings: Settings) -> SourceReport:
    return sync_once(settings).sources[0]


def entries(settings: Settings) -> list[tuple[str, str, str]]:
    return rows(
        settings,
        "SELECT statement_id, entry_id, amount::DECIMAL(24,2)::VARCHAR "
        f"FROM {current('bank_entries')} ORDER BY ALL",
    )


def whats(report: SourceReport) -> list[str]:
    return [problem.what for problem in report.problems]


DAY_1 = statement(
    "0", "12",
    [entry("7", reference="R1", details=detail("3", "CRM-D-1") + detail("4", "CRM-D-2")),
     entry("5", reference="R2", details=detail("5", "CRM-D-3"))],
)  # fmt: skip
DAY_2 = statement("12", "10", [entry("2", "DBIT", "R3")], number=2, day="2026-03-03")


def test_statements_are_loaded_once_and_private_data_apart(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder, reference_pattern=r"CRM-D-(\d+)"))
    assert synced(settings).new == 0
    (folder / "a.xml").write_text(camt(DAY_1), "utf-8")
    first = synced(settings)
    assert (first.new, list(first.problems)) == (6, [])
    assert synced(settings).loads == 0
    assert entries(settings) == [("S1", "R1", "7.00"), ("S1", "R2", "5.00")]
    parts = rows(
        settings,
        "SELECT entry_id, detail_number, amount::INTEGER, payment_reference, _source_table, "
        f"_source_row FROM {current('bank_entry_details')} ORDER BY ALL",
    )
    assert parts == [
        ("R1", 1, 3, "1", "a.xml", 1), ("R1", 2, 4, "2", "a.xml", 1), ("R2", 1, 5, "3", "a.xml", 2),
    ]  # fmt: skip
    for table in ("bank_statements", "bank_entries", "bank_entry_details"):
        held = str(rows(settings, f"SELECT * FROM lake.raw.{table}"))
        assert "Secret" not in held
        assert "DE02" not in held
    assert one(
        settings, "SELECT count(*) FROM lake.pii.bank_entry_details WHERE remittance LIKE 'CRM%'"
    ) == 3  # fmt: skip


def test_increments_overlap_and_the_same_under_another_name(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "day1.xml").write_text(camt(DAY_1), "utf-8")
    synced(settings)
    # The month's file repeats the day, in a message of its own.
    (folder / "month.xml").write_text(camt(DAY_1, DAY_2, head="<?xml version='1.0'?>"), "utf-8")
    second = synced(settings)
    assert (second.new, second.changed, second.deleted) == (2, 0, 0)
    shutil.copy(folder / "month.xml", folder / "zcopy.xml")
    third = synced(settings)
    assert third.loads == 0
    assert "same content as month.xml" in whats(third)[0]
    assert len(entries(settings)) == 3


def test_a_corrected_statement_replaces_what_it_no_longer_lists(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "a.xml").write_text(camt(DAY_1, DAY_2), "utf-8")
    synced(settings)
    corrected = statement("0", "6", [entry("6", reference="R1", details=detail("6", "one"))])
    (folder / "b.xml").write_text(camt(corrected), "utf-8")
    report = synced(settings)
    assert entries(settings) == [("S1", "R1", "6.00"), ("S2", "R3", "-2.00")]
    assert one(settings, f"SELECT count(*) FROM {current('bank_entry_details')}") == 1
    assert one(settings, "SELECT count(*) FROM lake.raw.bank_entries") == 5, "old versions stay"
    assert one(settings, f"SELECT count(*) FROM {current('bank_entry_details', 'pii')}") == 1
    # Day two follows on what day one was before it was corrected.
    assert "opens at 12.00; the one before it, S1, closed at 6.00: 6.00" in whats(report)[0]
    emptied = statement("0", "0")
    (folder / "c.xml").write_text(camt(emptied), "utf-8")
    synced(settings)
    assert entries(settings) == [("S2", "R3", "-2.00")]


def test_the_same_statement_in_two_formats_is_one(home: Path, folder: Path) -> None:
    lines = ":61:260302C7,NTRFNONREF//X\n:86:hello\n:61:260302C5,NTRFNONREF//Y\n"
    settings = settings_for(home, bank(folder, accounts={"40/1": IBAN}))
    (folder / "a.xml").write_text(camt(DAY_1), "utf-8")
    (folder / "b.sta").write_text(mt940("0,", "12,", lines, account="40/1 EUR"), "utf-8")
    report = synced(settings)
    assert len(entries(settings)) == 2
    assert whats(report) == [
        f"b.sta: statement 2026-03-02/1/1 of {IBAN} EUR is statement S1 of a.xml "
        "(camt.053.001.02), which was loaded before."
    ]
    assert synced(settings).loads == 0
    # With other entries it is another statement, and the chain tells.
    (folder / "c.sta").write_text(mt940("12,", "13,", ":61:260302C1,NTRF\n", "2/1"), "utf-8")
    assert len(entries(settings)) == 2
    synced(settings)
    assert len(entries(settings)) == 3


def test_two_empty_statements_of_a_day_are_told_by_their_numbers(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "a.sta").write_text(mt940("1,", "1,", number="1") + mt940("1,", "1,", number="2"))
    (folder / "b.sta").write_text(mt940("1,", "1,", number="3"))
    synced(settings)
    assert one(settings, f"SELECT count(*) FROM {current('bank_statements')}") == 3


def test_statements_that_do_not_tie_follow_or_are_missing(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "a.xml").write_text(camt(statement("0", "5", [entry("4.50")])), "utf-8")
    (folder / "d.xml").write_text(camt(statement("9", "9", number=4, day="2026-03-05")), "utf-8")
    report = synced(settings)
    assert [p.severity for p in report.problems] == ["error", "error", "warning"]
    untied, chain, gap = whats(report)
    assert untied == (
        f"Statement S1 of {IBAN} EUR (a.xml row 1) does not tie: opening 0.00 and entries 4.50 "
        "come to 4.50, it closes at 5.00: -0.50 too much."
    )
    assert "(d.xml row 1) opens at 9.00; the one before it, S1, closed at 5.00: 4.00" in chain
    assert gap == f"Account {IBAN} EUR: of 2026 statement 2 to 3 are missing before S4."
    assert len(synced(settings).problems) == 3, "still said when nothing is new"
    # What was missing comes late, the untied one corrected: nothing is left to say.
    (folder / "e.xml").write_text(
        camt(
            statement("0", "5", [entry("5")]),
            statement("5", "7", [entry("2")], number=2, day="2026-03-03"),
            statement("7", "9", [entry("2")], number=3, day="2026-03-04"),
        ),
        "utf-8",
    )
    assert not synced(settings).problems


def test_bad_amounts_go_to_quarantine_and_come_back_corrected(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "a.xml").write_text(
        camt(statement("0", "3", [entry("1", reference="R1"), entry("2,0", reference="R2")])),
        "utf-8",
    )
    report = synced(settings)
    assert "does not tie" in whats(report)[0]
    [(column, row, reason)] = rows(
        settings, "SELECT column_name, row_number, reason FROM lake.raw.quarantine"
    )
    assert (column, row) == ("amount", 2)
    assert "amount is not a DECIMAL(24,8) (a.xml row 2" in reason
    (folder / "b.xml").write_text(
        camt(statement("0", "3", [entry("1", reference="R1"), entry("2.0", reference="R2")])),
        "utf-8",
    )
    assert not synced(settings).problems
    assert len(entries(settings)) == 2


def test_notifications_are_kept_apart(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    announced = camt(DAY_1, version="camt.054.001.04")
    (folder / "a.xml").write_text(announced, "utf-8")
    (folder / "b.xml").write_text(camt(DAY_1), "utf-8")
    report = synced(settings)
    assert (report.new, list(report.problems)) == (12, [])
    assert one(settings, f"SELECT sum(amount)::INTEGER FROM {current('bank_entries')}") == 12
    assert one(settings, f"SELECT count(*) FROM {current('bank_notification_details')}") == 3


def test_files_that_are_refused_say_why_and_stay(home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder, max_megabytes=1))
    (folder / "big.xml").write_bytes(b"<Document>" + b" " * (1 << 20) + b"</Document>")
    (folder / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]>' + camt(DAY_1), "utf-8")
    (folder / "cut.sta").write_text(mt940("1,", "1,") + mt940("1,", "1,", number="2")[:40], "utf-8")
    (folder / "empty.xml").write_text("", "utf-8")
    (folder / "other.xml").write_text("<Invoice/>", "utf-8")
    (folder / "readme.txt").write_text("hello", "utf-8")
    report = synced(settings)
    assert [(p.severity, p.what.split(":")[0].split(" is ")[0]) for p in report.problems] == [
        ("error", "big.xml"), ("error", "bomb.xml"), ("error", "cut.sta"),
        ("warning", "empty.xml"), ("warning", "other.xml"), ("warning", "readme.txt"),
    ]  # fmt: skip
    assert "more than the 1 that are allowed" in whats(report)[0]
    assert one(settings, "SELECT count(*) FROM lake.raw.bank_statements") == 0
    (folder / "cut.sta").write_text(mt940("1,", "1,") + mt940("1,", "1,", number="2"), "utf-8")
    assert len(synced(settings).problems) == 5
    assert one(settings, "SELECT count(*) FROM lake.raw.bank_statements") == 2


def test_charsets_declared_or_not(home: Path, folder: Path) -> None:
    named = camt(statement("0", "1", [entry("1", details=detail("1", "x", name="Zoë Müller"))]))
    settings = settings_for(home, bank(folder))
    (folder / "a.xml").write_bytes(
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + named).encode("latin-1")
    )
    second = named.replace("S1", "S2").replace("02</Dt>", "03</Dt>")
    third = named.replace("S1", "S3").replace("02</Dt>", "04</Dt>")
    fourth = mt940("0,", "1,", ":61:260305C1,NTRF\n:86:Müller\n", day="260305")
    (folder / "b.xml").write_bytes(second.encode("latin-1"))
    (folder / "c.xml").write_text(third, "utf-16")
    (folder / "d.sta").write_bytes(fourth.encode("latin-1"))
    report = synced(settings)
    said = [what for what in whats(report) if "charset" in what]
    assert [what.split(" is ")[0] for what in said] == ["b.xml", "d.sta"]
    names = rows(
        settings,
        f"SELECT DISTINCT counterparty_name FROM {current('bank_entry_details', 'pii')} ORDER BY 1",
    )
    assert names == [("Zoë Müller",), (None,)]


def test_a_csv_only_ever_adds(home: Path, folder: Path) -> None:
    layout = {
        "account": IBAN, "currency": "EUR",
        "columns": {"booking_date": "d", "amount": "a", "balance": "b", "name": "n"},
    }  # fmt: skip
    settings = settings_for(home, bank(folder, csv=layout))
    (folder / "a.csv").write_text("d,a,b,n\n2026-03-02,7,7,Ada\n2026-03-02,5,12,Ada\n", "utf-8")
    assert not synced(settings).problems
    # A longer stretch, then one that ends within the day.
    (folder / "b.csv").write_text(
        "d,a,b,n\n2026-03-02,7,7,Ada\n2026-03-02,5,12,Ada\n2026-03-02,1,13,Ada\n2026-03-03,1,14,Bob\n",
        "utf-8",
    )
    (folder / "c.csv").write_text("d,a,b,n\n2026-03-02,7,7,Ada\n", "utf-8")
    report = synced(settings)
    assert (report.new, report.changed, report.deleted) == (5, 1, 0)
    assert not report.problems
    assert one(settings, f"SELECT sum(amount)::INTEGER FROM {current('bank_entries')}") == 14
    assert rows(
        settings,
        "SELECT statement_id, closing_balance::INTEGER "
        f"FROM {current('bank_statements')} ORDER BY 1",
    ) == [("csv/2026-03-02", 13), ("csv/2026-03-03", 14)]
    (folder / "d.csv").write_text("d,a,b\n2026-03-04,1,15\n", "utf-8")
    assert "it has no column n; its header (row 1) is d,a,b" in whats(synced(settings))[0]


def test_two_banks_and_two_tenants_with_the_same_ids(home: Path, tmp_path: Path) -> None:
    sources = []
    for name, tenant in (("one", "demo"), ("two", "demo"), ("three", "white_label")):
        made = tmp_path / name
        made.mkdir()
        (made / "a.xml").write_text(camt(DAY_1), "utf-8")
        sources.append(bank(made, name, tenant))
    settings = settings_for(home, *sources)
    report = sync_once(settings)
    assert [source.new for source in report.sources] == [6, 6, 6]
    (tmp_path / "two" / "b.xml").write_text(camt(statement("0", "0")), "utf-8")
    sync_once(settings)
    held = rows(
        settings, f"SELECT _source, count(*) FROM {current('bank_entries')} GROUP BY 1 ORDER BY 1"
    )
    assert held == [("one", 2), ("three", 2)]


class KilledError(Exception):
    """Stands for a process that dies between two steps."""


@pytest.mark.parametrize(("step", "nth"), [("began", 2), ("written", 2), ("committed", 1)])
def test_a_crash_between_tables_is_made_good(step: str, nth: int, home: Path, folder: Path) -> None:
    settings = settings_for(home, bank(folder))
    (folder / "a.xml").write_text(camt(DAY_1, DAY_2), "utf-8")
    seen = 0

    def fault(name: str) -> None:
        nonlocal seen
        seen += name == step
        if seen == nth and name == step:
            raise KilledError

    with pytest.raises(KilledError):
        sync_once(settings, fault=fault)
    report = synced(settings)
    assert not report.problems
    assert entries(settings) == [("S1", "R1", "7.00"), ("S1", "R2", "5.00"), ("S2", "R3", "-2.00")]
    for table, count in (("bank_statements", 2), ("bank_entries", 3), ("bank_entry_details", 3)):
        assert one(settings, f"SELECT count(*) FROM lake.raw.{table}") == count
    assert synced(settings).loads == 0
