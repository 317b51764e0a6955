"""Every real sample: what is loaded of it, or why it is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.connectors.bank.camt import read_camt
from ingestion.connectors.bank.options import BankOptions
from ingestion.connectors.bank.statements import Statement
from ingestion.connectors.bank.swift_fields import is_swift_text
from ingestion.connectors.bank.swift_statements import SwiftError, read_swift
from ingestion.connectors.safe_xml import parse_xml
from ingestion.sync import sync_once
from tests.ingestion.bank.bank_files import bank
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import one

# Statements of a file, and by how much those that do not tie are off.
LOADED: dict[str, tuple[int, list[str]]] = {
    "oca-test-camt053.xml": (1, ["434.16"]),
    "oca-test-camt053-no-ntry.xml": (1, []),
    "ASNB_mt940.txt": (31, []),
    "betterplace_sepa_mt9401.sta": (26, []),
    "citi_mt940.txt": (1, []),
    "jejik_abnamro.sta": (2, ["2038.00", "1002.60"]),
    "jejik_ing.sta": (1, ["-49.06"]),
    "jejik_postfinance.sta": (2, ["-0.2"]),
    "jejik_rabobank.sta": (4, ["-1135.93", "-236.56"]),
    "jejik_triodos.sta": (1, ["-111.40"]),
    "oca-test-ing.940": (1, []),
    "oca-test-rabo.swi": (4, []),
    "oca-test-wrong-file.940": (1, []),
    "self-provided_long_statement_number.sta": (1, []),
    "self-provided_overly_long_details.sta": (1, ["-234.01"]),
    "self-provided_raphaelm.sta": (3, []),
    "self-provided_transaction_details_wrapped.sta": (1, []),
    "self-provided_wrapped_timestamp.sta": (1, []),
}
ANNOUNCED = {"oca-test-camt054.xml": 1, "mBank_mt942.sta": 3, "self-provided_mt942.sta": 1}
REFUSED = {
    "betterplace_amount_formats.sta": "before any statement begins",
    "betterplace_empty_86.sta": "before any statement begins",
    "betterplace_empty_line.sta": "names no account",
    "betterplace_sepa_snippet_broken.sta": "has :25: again",
    "cmxl_account_balance_debit.sta": "before any statement begins",
    "cmxl_account_identification_legacy.sta": "before any statement begins",
    "cmxl_closing_balance.sta": "before any statement begins",
    "cmxl_reference.sta": "names no account",
    "cmxl_statement_line.sta": "before any statement begins",
    "oca-test-sns.940": "no closing balance",
    "self-provided_account_identification.sta": "no opening balance",
    "self-provided_empty_non_swift.sta": "before any statement begins",
    "self-provided_gv_codes.sta": "no closing balance",
}


def read(reference_data: Path, name: str) -> list[Statement]:
    """The statements of a sample."""
    path = reference_data / "sources" / ("camt" if name.endswith(".xml") else "mt940") / name
    if name.endswith(".xml"):
        return read_camt(parse_xml(path.read_bytes()), BankOptions())
    return read_swift(path.read_text("utf-8"), BankOptions()).statements


def off(statement: Statement) -> Decimal:
    """Opening balance and entries less closing balance."""
    assert statement.opening is not None
    assert statement.closing is not None
    opening, closing = statement.opening.amount, statement.closing.amount
    assert isinstance(opening, Decimal)
    assert isinstance(closing, Decimal)
    return opening + statement.credits + statement.debits - closing


@pytest.mark.parametrize("name", LOADED)
def test_a_sample_is_read_whole(reference_data: Path, name: str) -> None:
    statements = read(reference_data, name)
    count, differences = LOADED[name]
    assert len(statements) == count
    assert [off(s) for s in statements if off(s)] == [Decimal(text) for text in differences]
    assert not [e for s in statements for e in s.entries if not isinstance(e.amount, Decimal)]


@pytest.mark.parametrize("name", ANNOUNCED)
def test_a_notification_is_no_statement(reference_data: Path, name: str) -> None:
    [notification] = read(reference_data, name)
    assert notification.kind == "notification"
    assert len(notification.entries) == ANNOUNCED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_part_of_a_statement_is_refused(reference_data: Path, name: str) -> None:
    with pytest.raises(SwiftError, match=REFUSED[name]):
        read(reference_data, name)


def test_no_sample_is_left_out(reference_data: Path) -> None:
    samples = [
        path for kind in ("camt", "mt940") for path in (reference_data / "sources" / kind).iterdir()
    ]
    known = {*LOADED, *ANNOUNCED, *REFUSED}
    texts = [path for path in samples if path.name not in known]
    assert not [path.name for path in texts if is_swift_text(path.read_text("utf-8"))]


def test_a_batch_sample_is_counted_on_one_level(
    reference_data: Path, home: Path, tmp_path: Path
) -> None:
    for name in ("oca-test-camt053.xml", "oca-test-camt054.xml", "oca-test-camt053-no-ntry.xml"):
        (tmp_path / name).write_bytes((reference_data / "sources" / "camt" / name).read_bytes())
    settings = settings_for(home, bank(tmp_path))
    report = sync_once(settings).sources[0]
    assert [problem.what for problem in report.problems if problem.severity == "error"] == [
        "Statement 1234Test/1 of NL77ABNA0574908765 EUR (oca-test-camt053.xml row 1) does not tie: "
        "opening 15568.27 and entries -12.99 come to 15555.28, it closes at 15121.12: 434.16 too "
        "much."
    ]
    assert one(settings, "SELECT sum(amount)::DOUBLE FROM lake.raw.bank_entries") == -12.99
    assert one(settings, "SELECT sum(amount)::DOUBLE FROM lake.raw.bank_entry_details") == -12.99
    assert one(settings, "SELECT count(*) FROM lake.raw.bank_statements") == 2
