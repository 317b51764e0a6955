"""Adyen: settlement detail reports and webhooks."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from ingestion.connectors.adyen.settlement_reports import read_settlement_report
from ingestion.sync import sync_once
from tests.ingestion.lake import current, one, rows
from tests.ingestion.psp_files import (
    killed_sync,
    psp,
    quarantined,
    settings_of,
    sync,
    whats,
)

HEADER = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,"
    "Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),"
    "Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),"
    "Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,"
    "Modification Merchant Reference,Batch Number,Reserved4"
)
SALE = (
    "Co,Shop,881{n},70{n},visa,2026-07-01 10:00:0{n},CEST,Settled,99{n},EUR,,100.00,1,EUR,,98.50,,"
    "1.00,0.20,0.30,visa,,7,"
)
_CARRY = "Co,Shop,,,,2026-0{day} 02:00:00,CEST,Balancetransfer,Balancetransfer,,,,,EUR,{net},"
FEE = "Co,Shop,,,,2026-07-03 02:00:00,CEST,Fee,Transaction Fees July 2026,,,,,EUR,0.20,,,,,,,,7,"
CARRY_IN = _CARRY.format(day="6-26", net=",10.00") + ",,,,,Balancetransfer from batch 6,7,"
CARRY_OUT = _CARRY.format(day="7-03", net="20.00,") + ",,,,,Balancetransfer to batch 8,7,"
PAYOUT = "Co,Shop,,,,2026-07-03 02:00:00,CEST,MerchantPayout,Batch 7,,,,,EUR,186.80,,,,,,,,7,"
LINES = [CARRY_IN, SALE.format(n=1), SALE.format(n=2), FEE, PAYOUT, CARRY_OUT]
TABLE = "adyen_settlement_lines"


def report(*lines: str, header: str = HEADER) -> str:
    return "\n".join((header, *lines)) + "\n"


def reordered(text: str, added: str = "") -> str:
    """The same report with its columns the other way round, and one more of a newer layout."""
    parts = [line.split(",")[::-1] for line in text.splitlines()]
    names = added.split(",") if added else []
    head = parts[0] + names
    body = [line + ["2026-07-03 03:00:00", "CEST"][: len(names)] for line in parts[1:]]
    return "\n".join(",".join(line) for line in [head, *body]) + "\n"


def workbook(path: Path, text: str) -> None:
    """The report as a workbook with a blank row and column before it, numbers as numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row, line in enumerate(text.splitlines(), start=2):
        for column, cell in enumerate(line.split(","), start=2):
            value: object = cell or None
            if row > 2 and cell.replace(".", "").isdigit():
                value = float(cell) if "." in cell else int(cell)
            if row > 2 and cell[:4] == "2026":
                value = datetime.fromisoformat(cell)
            sheet.cell(row, column, value)  # type: ignore[arg-type]
    book.save(path)


def test_a_batch_is_loaded_once_and_nets(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "batch_7.csv").write_text(report(*LINES), "utf-8")
    first = sync(settings)
    assert (first.new, first.problems) == (6, ())
    again = sync(settings)
    assert (again.loads, again.problems) == (0, ())
    assert rows(
        settings, f"SELECT line_key, net_debit, net_credit FROM {current(TABLE)} ORDER BY 1"
    ) == [
        ("Balancetransfer//Balancetransfer/1", None, Decimal(10)),
        ("Balancetransfer//Balancetransfer/2", Decimal(20), None),
        ("Fee//Transaction Fees July 2026/1", Decimal("0.2"), None),
        ("MerchantPayout//Batch 7/1", Decimal("186.8"), None),
        ("Settled/8811/991/1", None, Decimal("98.5")),
        ("Settled/8812/992/1", None, Decimal("98.5")),
    ]


def test_a_report_delivered_again_keeps_its_keys(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "a.csv").write_text(report(*LINES), "utf-8")
    sync(settings)
    (folder / "b.csv").write_text(report(*LINES[::-1]), "utf-8")
    assert sync(settings).loads == 0, "the same lines in another order are nothing new"
    (folder / "c.csv").write_text(reordered(report(*LINES)), "utf-8")
    assert sync(settings).loads == 0, "nor with the columns in another order"
    workbook(folder / "d.xlsx", report(*LINES))
    assert sync(settings).loads == 0, "nor as a workbook"
    newer = reordered(report(*LINES), "Booking Date,Booking Date TimeZone")
    (folder / "e.csv").write_text(newer, "utf-8")
    later = sync(settings)
    assert (later.new, later.changed, later.problems) == (0, 6, ())
    assert one(settings, f"SELECT count(booking_date) FROM {current(TABLE)}") == 6
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 12, "the old ones are kept"


def test_a_batch_that_does_not_net_is_an_error_until_it_does(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "a.csv").write_text(report(*LINES[:-1]), "utf-8")
    first = sync(settings)
    [what] = whats(first, "error")
    assert what == (
        "Batch 7 of Shop does not net to zero: credits less debits come to 20 EUR (a.csv)."
    )
    assert first.new == 5, "its rows are loaded all the same"
    assert whats(sync(settings), "error") == [what], "the error stands though no file is read"
    (folder / "b.csv").write_text(report(*LINES), "utf-8")
    last = sync(settings)
    assert last.problems == ()
    assert one(settings, f"SELECT count(*) FROM {current(TABLE)}") == 6


def test_a_bad_cell_waits_in_quarantine_until_it_is_right(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    wrong = [line.replace("98.50", "ninety", 1) if n == 1 else line for n, line in enumerate(LINES)]
    wrong[3] = wrong[3].replace("0.20,,,,", ",,,,", 1)
    (folder / "a.csv").write_text(report(*wrong), "utf-8")
    found = sync(settings)
    assert [(row, column) for row, column, _ in quarantined(settings)] == [
        (3, "net_credit"),
        (5, "net_credit"),
    ]
    assert "a.csv row 3" in quarantined(settings)[0][2]
    assert "neither Net Debit (NC) nor Net Credit (NC)" in quarantined(settings)[1][2]
    assert any("does not net" in what for what in whats(found, "error"))
    (folder / "b.csv").write_text(report(*LINES), "utf-8")
    assert sync(settings).problems == ()
    assert quarantined(settings) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (("Batch Number", "Batch"), "has no column Batch Number"),
        (("Reserved4", "Type"), "names columns twice: Type"),
        (("CEST", "CST"), "the time zone CST is not known"),
        ((",8811,", ",8.81E+15,"), "rewrote references as numbers"),
        ((",,98.50,", ",98.50,"), "rows without 24 fields: 3, 4"),
    ],
)
def test_a_report_that_cannot_be_trusted_is_refused_whole(
    spoil: tuple[str, str], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(report(*LINES).replace(*spoil), "utf-8")
    refused = read_settlement_report(path, "")
    assert refused is not None
    assert refused.frame is None
    assert told in refused.problems[0].what
    assert refused.problems[0].severity == "error"


def test_a_refused_report_is_loaded_once_it_is_right(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "a.csv").write_text(report(*LINES).replace("CEST", "CST"), "utf-8")
    (folder / "b.csv").write_text("", "utf-8")
    refused = sync(settings)
    assert (len(whats(refused, "error")), refused.loads) == (2, 0)
    (folder / "a.csv").write_text(report(*LINES), "utf-8")
    (folder / "b.csv").unlink()
    found = sync(settings)
    assert (found.new, found.problems) == (6, ())


def test_the_same_batch_under_other_references_is_not_counted_twice(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "a.csv").write_text(report(*LINES), "utf-8")
    (folder / "b.csv").write_text(report(*LINES).replace(",8811,", ",8810,"), "utf-8")
    found = sync(settings)
    assert found.new == 6
    assert (
        "b.csv holds batch 7 of Shop with other lines or references than a.csv"
        in (whats(found, "error")[0])
    )


def test_a_zone_is_what_the_configuration_says(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    source = psp("adyen", folder, time_zones={"CST": "America/Chicago"})
    settings = settings_of(home, source)
    (folder / "a.csv").write_text(report(*LINES).replace("CEST", "CST"), "utf-8")
    assert sync(settings).problems == ()
    assert one(settings, f"SELECT DISTINCT creation_zone FROM {current(TABLE)}") == (
        "America/Chicago"
    )


def test_an_added_column_is_a_warning(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    text = "\n".join(line + ",x" for line in report(*LINES).splitlines())
    (folder / "a.csv").write_text(text.replace("Reserved4,x", "Reserved4,Mood", 1), "utf-8")
    found = sync(settings)
    assert found.new == 6
    assert whats(found, "warning") == ["a.csv has columns that are not loaded: Mood."]


def test_workbooks_that_cannot_be_read_say_why(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    workbook(tmp_path / "whole.xlsx", report(*LINES))
    whole = (tmp_path / "whole.xlsx").read_bytes()
    ole2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    (folder / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    (folder / "locked.xlsx").write_bytes(ole2 + "EncryptedPackage".encode("utf-16-le"))
    (folder / "old.xls").write_bytes(ole2 + "Workbook".encode("utf-16-le"))
    (folder / "page.xlsx").write_text("<html>please log in</html>", "utf-8")
    (folder / "in_disguise.xls").write_bytes(whole)
    found = sync(settings)
    assert whats(found, "error") == [
        "cut.xlsx is cut off or damaged.",
        "locked.xlsx is protected by a password.",
        "old.xls is an Excel 97-2003 file (.xls).",
        "page.xlsx is no workbook.",
    ]
    assert found.new == 6, "a workbook is told by its content, not by its name"


def test_a_workbook_that_lost_digits_of_a_reference_says_so(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    spoilt = report(*LINES).replace(",8811,", ",4814769000000020,")
    spoilt = spoilt.replace(",8812,", ",4814769000000020,").replace(",992,", ",991,")
    workbook(folder / "a.xlsx", spoilt)
    found = sync(settings)
    assert found.new == 6, "two payments that the spreadsheet made one are still two"
    assert "numbers of more than 15 digits in 2 rows, the first in row 4" in whats(found)[0]


def test_two_accounts_and_two_tenants_with_the_same_batch_number(
    home: Path, tmp_path: Path
) -> None:
    text = report(*LINES)
    sources = [psp("adyen", tmp_path / "one"), psp("adyen", tmp_path / "two", "adyen_two")]
    sources.append(psp("adyen", tmp_path / "three", "adyen_three", tenant="other"))
    settings = settings_of(home, *sources)
    (tmp_path / "one" / "a.csv").write_text(text, "utf-8")
    (tmp_path / "one" / "b.csv").write_text(text.replace("Shop", "Shop2"), "utf-8")
    (tmp_path / "two" / "a.csv").write_text(text, "utf-8")
    (tmp_path / "three" / "a.csv").write_text(text, "utf-8")
    assert not sync_once(settings).failed
    assert rows(
        settings,
        f"SELECT _tenant_id, _source, merchant_account, count(*) FROM {current(TABLE)} "
        "GROUP BY ALL ORDER BY ALL",
    ) == [
        ("demo", "adyen", "Shop", 6),
        ("demo", "adyen", "Shop2", 6),
        ("demo", "adyen_two", "Shop", 6),
        ("other", "adyen_three", "Shop", 6),
    ]


@pytest.mark.fault
@pytest.mark.parametrize("step", ["rows", "committed"])
def test_a_killed_pass_leaves_all_or_nothing(step: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "a.csv").write_text(report(*LINES), "utf-8")
    killed_sync(home, "adyen", folder, step)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == (
        6 if step == "committed" else 0
    )
    assert sync(settings).problems == ()
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 6


def item(reference: str, code: str, at: str, **fields: object) -> dict[str, object]:
    """A notification as Adyen wraps it."""
    inner = {
        "amount": {"currency": "EUR", "value": 1000},
        "eventCode": code,
        "eventDate": at,
        "merchantAccountCode": "Shop",
        "merchantReference": "701",
        "pspReference": reference,
        "success": "true",
    } | fields
    return {"NotificationRequestItem": inner}


def body(*items: dict[str, object]) -> dict[str, object]:
    return {"live": "true", "notificationItems": list(items)}


def test_webhooks_come_twice_and_out_of_order(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    paid = item("A1", "AUTHORISATION", "2026-07-01T12:00:00+02:00", reason="033899:1111:03/2030")
    back = item("B1", "CHARGEBACK", "2026-08-01T12:00:00+02:00", originalReference="A1")
    failed = item("A1", "AUTHORISATION", "2026-07-01T11:00:00+02:00", success="false")
    lines = [body(back), body(paid, failed), body(paid)]
    (folder / "1.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert sync(settings).new == 3
    (folder / "2.json").write_text(json.dumps(body(paid)), "utf-8")
    assert sync(settings).loads == 0
    older = item("B1", "CHARGEBACK", "2026-07-30T12:00:00+02:00", reason="first word")
    (folder / "3.json").write_text(json.dumps([body(older)]), "utf-8")
    assert sync(settings).new == 1
    assert rows(
        settings,
        "SELECT psp_reference, event_code, success, event_at::VARCHAR "
        f"FROM {current('adyen_notifications')} ORDER BY event_at",
    ) == [
        ("A1", "AUTHORISATION", "false", "2026-07-01 09:00:00"),
        ("A1", "AUTHORISATION", "true", "2026-07-01 10:00:00"),
        ("B1", "CHARGEBACK", "true", "2026-07-30 10:00:00"),
        ("B1", "CHARGEBACK", "true", "2026-08-01 10:00:00"),
    ]
    assert "1111" not in str(rows(settings, "SELECT * FROM lake.raw.adyen_notifications"))
    assert one(settings, "SELECT max(card_summary) FROM lake.pii.adyen_notifications") == (
        "033899:1111:03/2030"
    )


def test_webhooks_that_cannot_be_read_say_why(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    (folder / "cut.jsonl").write_text(json.dumps(body()) + '\n{"live": "tr', "utf-8")
    (folder / "mixed.json").write_text(
        json.dumps([body(item("A1", "CAPTURE", "2026-07-01T12:00:00Z")), {"hello": 1}]), "utf-8"
    )
    (folder / "other.json").write_text('{"hello": 1}', "utf-8")
    (folder / "timeless.json").write_text(
        json.dumps(body(item("A1", "CAPTURE", "2026-07-01T12:00:00"))), "utf-8"
    )
    found = sync(settings)
    assert whats(found, "error") == [
        "cut.jsonl is no JSON: line 2 is no JSON (Unterminated string starting at at column 10).",
        "mixed.json: entry 2 is no Adyen notification.",
    ]
    assert whats(found, "warning") == [
        "other.json is no file of this source: its layout is not known."
    ]
    assert [column for _, column, _ in quarantined(settings)] == ["event_at"]


def test_real_samples(home: Path, tmp_path: Path, reference_data: Path) -> None:
    folder = tmp_path / "adyen"
    settings = settings_of(home, psp("adyen", folder))
    samples = reference_data / "sources/adyen"
    for path in [*samples.glob("*.*"), *(samples / "webhooks").glob("*.json")]:
        shutil.copy(path, folder / path.name)
    found = sync(settings)
    assert whats(found) == [
        "adyen_test_invalid.xls row 4 has no column Merchant Account, Psp Reference, "
        "Merchant Reference."
    ]
    assert rows(
        settings,
        "SELECT batch_number, count(*), sum(coalesce(net_credit, 0)) "
        f"- sum(coalesce(net_debit, 0)) FROM {current(TABLE)} GROUP BY 1 ORDER BY 1",
    ) == [(8, 40, 0), (238, 3, 0)]
    held = one(settings, f"SELECT count(*) FROM {current('adyen_notifications')}")
    assert held == len(list((samples / "webhooks").glob("*.json")))
    assert quarantined(settings) == []
