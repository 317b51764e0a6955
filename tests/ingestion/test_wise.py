"""Wise: balance statements, COMPACT and FLAT, JSON and CSV."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

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

TABLE = "wise_statement_lines"


def line(
    reference: str, amount: str, balance: str, fee: str = "0.00", day: int = 1, **fields: Any
) -> dict[str, Any]:
    """A line of a EUR statement."""
    return {
        "type": "DEBIT" if amount.startswith("-") else "CREDIT",
        "date": f"2026-07-{day:02d}T10:00:00.000Z",
        "amount": {"value": float(amount), "currency": "EUR"},
        "totalFees": {"value": float(fee), "currency": "EUR"},
        "details": {
            "type": "TRANSFER",
            "description": f"Sent money for {reference}",
            "recipient": {"name": "Ada Secret", "bankAccount": "XX00 0000"},
        },
        "exchangeDetails": None,
        "runningBalance": {"value": float(balance), "currency": "EUR"},
        "referenceNumber": reference,
    } | fields


def statement(*lines: dict[str, Any], end: str = "", account: int = 64) -> str:
    """A statement as the API answers it, newest line first."""
    body: dict[str, Any] = {"transactions": list(lines[::-1]), "query": {"accountId": account}}
    if end:
        body["endOfStatementBalance"] = {"value": float(end), "currency": "EUR"}
    return json.dumps(body)


COMPACT = (
    line("TRANSFER-1", "1000.00", "1000.00"),
    line("TRANSFER-2", "-200.60", "799.40", fee="0.60", day=2),
    line("TRANSFER-2", "100.10", "899.50", day=3),
)
FLAT = (
    line("TRANSFER-1", "1000.00", "1000.00"),
    line("TRANSFER-2", "-200.00", "800.00", day=2),
    line(
        "TRANSFER-2", "-0.60", "799.40", day=2,
        details={"type": "TRANSFER", "description": "Wise Charges for: TRANSFER-2"},
    ),
    line("TRANSFER-2", "100.10", "899.50", day=3),
)  # fmt: skip
CSV = """\
TransferWise ID,Date,Date Time,Amount,Currency,Description,Payment Reference,Running Balance,Exchange From,Exchange To,Exchange Rate,Payer Name,Payee Name,Total fees,Transaction Type
TRANSFER-1,01-07-2026,01-07-2026 10:00:00.000,1000.00,EUR,Received,,1000.00,,,,Ada Secret,,0,CREDIT
CARD-1,02-07-2026,02-07-2026 10:00:00.500,-25.00,EUR,Card,,975.00,EUR,GBP,0.88025,,,0.10,DEBIT
"""  # noqa: E501


def test_a_statement_is_loaded_once_and_grows(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder))
    (folder / "1.json").write_text(statement(*COMPACT[:2], end="799.40"), "utf-8")
    first = sync(settings)
    assert first.problems == ()
    (folder / "2.json").write_text(statement(*COMPACT, end="899.50"), "utf-8")
    second = sync(settings)
    assert (second.changed, second.held, second.problems) == (0, 2, ())
    assert (sync(settings).loads, sync(settings).problems) == (0, ())
    assert rows(
        settings,
        "SELECT reference_number, direction, line, amount, total_fees, statement_type "
        f"FROM {current(TABLE)} ORDER BY booked_at",
    ) == [
        ("TRANSFER-1", "CREDIT", 1, Decimal(1000), Decimal(0), "COMPACT"),
        ("TRANSFER-2", "DEBIT", 1, Decimal("-200.6"), Decimal("0.6"), "COMPACT"),
        ("TRANSFER-2", "CREDIT", 1, Decimal("100.1"), Decimal(0), "COMPACT"),
    ]
    assert "Secret" not in str(rows(settings, f"SELECT * FROM lake.raw.{TABLE}"))
    assert one(settings, f"SELECT max(recipient_name) FROM lake.pii.{TABLE}") == "Ada Secret"


def test_a_fee_of_its_own_line_shares_the_reference(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder))
    (folder / "1.json").write_text(statement(*FLAT, end="899.50"), "utf-8")
    assert sync(settings).problems == ()
    (folder / "2.json").write_text(statement(*FLAT[::-1]), "utf-8")
    assert sync(settings).changed == 0, "the other way round they are the same lines"
    assert rows(
        settings,
        f"SELECT line, amount, is_fee_line, statement_type FROM {current(TABLE)} "
        "WHERE reference_number = 'TRANSFER-2' AND direction = 'DEBIT' ORDER BY 1",
    ) == [(1, Decimal(-200), False, "FLAT"), (2, Decimal("-0.6"), True, "FLAT")]


def test_compact_and_flat_of_one_balance_are_not_mixed(home: Path, tmp_path: Path) -> None:
    settings = settings_of(home, psp("wise", tmp_path / "a", "a"), psp("wise", tmp_path / "b", "b"))
    (tmp_path / "a" / "1.json").write_text(statement(*COMPACT), "utf-8")
    (tmp_path / "a" / "2.json").write_text(statement(*FLAT), "utf-8")
    (tmp_path / "a" / "3.json").write_text(statement(*FLAT, account=65), "utf-8")
    (tmp_path / "b" / "1.json").write_text(statement(*FLAT), "utf-8")
    (tmp_path / "b" / "2.json").write_text(statement(*COMPACT), "utf-8")
    told = [whats(report, "error") for report in sync_once(settings).sources]
    assert "2.json is a FLAT statement of EUR, and 1.json was loaded as COMPACT" in told[0][0]
    assert "2.json is a COMPACT statement of EUR, and 1.json was loaded as FLAT" in told[1][0]
    assert rows(
        settings,
        f"SELECT _source, balance_id, count(*) FROM {current(TABLE)} GROUP BY ALL ORDER BY ALL",
    ) == [("a", "64", 3), ("a", "65", 4), ("b", "64", 4)], "another balance may be the other kind"


def test_the_configured_kind_is_kept_to(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder, statement_type="FLAT"))
    (folder / "1.json").write_text(statement(*COMPACT), "utf-8")
    assert "is a COMPACT statement, options.statement_type says FLAT" in whats(sync(settings))[0]


def test_a_balance_that_does_not_follow_stands_until_it_does(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder))
    (folder / "1.json").write_text(statement(COMPACT[0], COMPACT[2], end="900.00"), "utf-8")
    found = sync(settings)
    [what] = whats(found, "error")
    assert what == (
        "1.json: the EUR balance of 64 does not follow from its rows: 2 breaks, the first at "
        "row 1, off by -200.6."
    )
    assert found.new == 3
    assert whats(sync(settings), "error") == [what]
    (folder / "1.json").write_text(statement(*COMPACT, end="900.00"), "utf-8")
    assert "1 break, the first at its end, off by 0.5." in whats(sync(settings), "error")[0]
    (folder / "1.json").write_text(statement(*COMPACT, end="899.50"), "utf-8")
    assert sync(settings).problems == ()


def test_a_csv_statement_needs_its_zone(home: Path, tmp_path: Path) -> None:
    settings = settings_of(
        home,
        psp("wise", tmp_path / "a", "a"),
        psp("wise", tmp_path / "b", "b", csv_time_zone="Europe/London"),
    )
    for name in ("a", "b"):
        (tmp_path / name / "statement.csv").write_text(CSV, "utf-8")
    refused, loaded = sync_once(settings).sources
    assert whats(refused) == ["statement.csv states dates without a zone."]
    assert loaded.problems == ()
    assert rows(
        settings,
        "SELECT reference_number, booked_at::VARCHAR, zone, amount, total_fees, "
        f"exchange_to_currency FROM {current(TABLE)} ORDER BY 2",
    ) == [
        ("TRANSFER-1", "2026-07-01 10:00:00", "Europe/London", Decimal(1000), Decimal(0), None),
        (
            "CARD-1", "2026-07-02 10:00:00.5", "Europe/London", Decimal(-25), Decimal("0.1"),
            "GBP",
        ),
    ]  # fmt: skip


def test_lines_that_cannot_be_are_refused_with_their_place(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder))
    timeless = line("T-1", "5.00", "5.00", date="2026-07-01T10:00:00")
    nameless = line("", "5.00", "10.00")
    (folder / "1.json").write_text(statement(timeless, nameless), "utf-8")
    (folder / "2.json").write_text('{"transactions": [', "utf-8")
    (folder / "3.json").write_text('{"hello": 1}', "utf-8")
    (folder / "4.csv").write_text("TransferWise ID,Date\nT-1,01-07-2026\n", "utf-8")
    found = sync(settings)
    assert whats(found)[0].startswith("2.json is no JSON: ")
    assert whats(found)[1:] == [
        "3.json is no file of this source: its layout is not known.",
        "4.csv has no column Amount, Currency, Running Balance.",
    ]
    assert [(row, column) for row, column, _ in quarantined(settings)] == [
        (1, "reference_number"),
        (2, "booked_at"),
    ]


def test_two_tenants_and_an_empty_statement(home: Path, tmp_path: Path) -> None:
    settings = settings_of(
        home,
        psp("wise", tmp_path / "a", "a"),
        psp("wise", tmp_path / "b", "b", tenant="other"),
        psp("wise", tmp_path / "c", "c"),
    )
    for name in ("a", "b"):
        (tmp_path / name / "1.json").write_text(statement(*COMPACT), "utf-8")
    (tmp_path / "c" / "1.json").write_text(statement(end="42.00"), "utf-8")
    assert [len(report.problems) for report in sync_once(settings).sources] == [0, 0, 0]
    assert rows(
        settings,
        f"SELECT _tenant_id, _source, count(*) FROM {current(TABLE)} GROUP BY ALL ORDER BY ALL",
    ) == [("demo", "a", 3), ("other", "b", 3)]


@pytest.mark.fault
def test_a_killed_pass_is_finished_by_the_next(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wise"
    settings = settings_of(home, psp("wise", folder))
    (folder / "1.json").write_text(statement(*COMPACT), "utf-8")
    killed_sync(home, "wise", folder, "committed")
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 3
    assert sync(settings).problems == ()
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 3
    assert one(settings, "SELECT count(*) FROM lake.raw.wise_balance_checks") == 1


def test_real_samples(home: Path, tmp_path: Path, reference_data: Path) -> None:
    samples = sorted((reference_data / "sources/wise").glob("*.json"))
    settings = settings_of(home, *(psp("wise", tmp_path / p.stem, p.stem) for p in samples))
    for path in samples:
        shutil.copy(path, tmp_path / path.stem / path.name)
    report = sync_once(settings)
    assert not report.failed
    assert [p for source in report.sources for p in source.problems] == []
    lines = [path for path in samples if "transactions" not in json.loads(path.read_text())]
    assert one(settings, f"SELECT count(*) FROM {current(TABLE)}") == len(lines)
    assert one(
        settings, f"SELECT amount FROM {current(TABLE)} WHERE _source = 'oca_wise_07'"
    ) == Decimal("-270.55")
