"""What each format says, read from texts with the quirks of real banks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.connectors.bank.camt import CamtError, messages, read_camt
from ingestion.connectors.bank.mapped_csv import CsvLayoutError, csv_layout, read_mapped_csv
from ingestion.connectors.bank.options import BankOptions, bank_options
from ingestion.connectors.bank.statements import (
    Statement,
    decimal_of,
    distinct,
    is_iban,
    numbered,
)
from ingestion.connectors.bank.swift_statements import SwiftError, read_swift
from ingestion.connectors.safe_xml import UnreadableXmlError, parse_xml
from ingestion.simulator.bank_lines import iban
from tests.ingestion.bank.bank_files import IBAN, bank, camt, detail, entry, mt940, statement
from warehouse.errors import SettingsError
from warehouse.settings import SourceSettings

pytestmark = pytest.mark.unit


def of_camt(text: str, **options: object) -> list[Statement]:
    return read_camt(parse_xml(text.encode()), BankOptions(**options))  # type: ignore[arg-type]


def of_swift(text: str, **options: object) -> list[Statement]:
    return read_swift(text, BankOptions(**options)).statements  # type: ignore[arg-type]


@pytest.mark.parametrize("minor", ["02", "04", "06", "08", "10", "13", "14"])
def test_every_version_of_camt_053_is_read_by_names(minor: str) -> None:
    [read] = of_camt(camt(statement("1", "3.50", [entry("2.50")]), version=f"camt.053.001.{minor}"))
    assert read.format == f"camt.053.001.{minor}"
    assert (read.account_id, read.currency, read.statement_id) == (IBAN, "EUR", "S1")
    assert read.opening is not None
    assert read.opening.amount == Decimal(1)
    [only] = read.entries
    assert (only.amount, only.booking_date, only.value_date) == (
        Decimal("2.50"), "2026-03-02", "2026-03-03",
    )  # fmt: skip


def test_newer_versions_wrap_status_party_and_bank() -> None:
    text = camt(statement("0", "1", [entry("1", details=detail("1", "hello"))]))
    text = text.replace("<Sts>BOOK</Sts>", "<Sts><Cd>PDNG</Cd></Sts>")
    text = text.replace("<Dbtr><Nm>Ada Secret</Nm></Dbtr>", "<Dbtr><Pty><Nm>Ada</Nm></Pty></Dbtr>")
    [only] = of_camt(text)[0].entries
    assert (only.status, only.counts) == ("PDNG", False)
    assert only.details[0].counterparty_name == "Ada"


def test_a_batch_is_one_entry_and_its_parts_are_details() -> None:
    parts = detail("3", "first") + detail("4", "second CRM-D-77")
    [read] = of_camt(
        camt(statement("0", "7", [entry("7", details=parts)])),
        reference_pattern=bank_options(
            bank_source(reference_pattern=r"CRM-D-(\d+)")
        ).reference_pattern,
    )
    assert read.credits == Decimal(7)
    [only] = read.entries
    assert [d.amount for d in only.details] == [Decimal(3), Decimal(4)]
    assert [d.payment_reference for d in only.details] == [None, "77"]
    assert [d.end_to_end_id for d in only.details] == [None, None]


def bank_source(**options: object) -> SourceSettings:
    return bank(Path("x"), **options)


def test_the_direction_of_a_reversal_is_its_own() -> None:
    text = camt(statement("10", "15", [entry("5", more="<RvslInd>true</RvslInd>")]))
    [read] = of_camt(text)
    assert (read.entries[0].amount, read.entries[0].is_reversal) == (Decimal(5), True)
    [turned] = of_camt(text, reversals="original")
    assert turned.entries[0].amount == Decimal(-5)


def test_date_times_keep_the_banks_day_and_give_the_instant() -> None:
    text = camt(statement("0", "1", [entry("1")])).replace(
        "<BookgDt><Dt>2026-03-02</Dt>", "<BookgDt><DtTm>2026-03-03T00:30:00+02:00</DtTm>"
    )
    [only] = of_camt(text)[0].entries
    assert only.booking_date == "2026-03-03"
    assert str(only.booked_at_utc) == "2026-03-02 22:30:00"
    bare = of_camt(text.replace("+02:00", ""))[0].entries[0]
    assert (bare.booked_at, bare.booked_at_utc) == ("2026-03-03T00:30:00", None)


def test_intermediate_balances_and_previous_closing() -> None:
    page = statement("5", "6", [entry("1")]).replace("OPBD", "ITBD").replace("CLBD", "ITBD")
    [read] = of_camt(camt(page))
    assert read.opening is not None
    assert read.closing is not None
    assert (read.opening.amount, read.closing.amount) == (Decimal(5), Decimal(6))
    [carried] = of_camt(camt(statement("-5", "-4", [entry("1")]).replace("OPBD", "PRCD")))
    assert carried.opening is not None
    assert carried.opening.amount == Decimal(-5)


def test_what_cannot_be_read_stays_the_text_it_was() -> None:
    text = camt(statement("0", "1", [entry("1,5"), entry("2", side="BOTH"), entry("-3")]))
    amounts = [one.amount for one in of_camt(text)[0].entries]
    assert amounts == ["1,5", "2 (no CdtDbtInd)", "-3"]
    assert decimal_of("NaN") == "NaN"


def test_an_envelope_around_the_document_and_several_statements() -> None:
    text = camt(statement("0", "1", [entry("1")]), statement("1", "1", number=2))
    root = parse_xml(f"<Envelope><AppHdr/>{text}</Envelope>".encode())
    assert len(messages(root)) == 1
    read = read_camt(root, BankOptions())
    assert [(s.statement_id, s.statement_number, len(s.entries)) for s in read] == [
        ("S1", 1, 1), ("S2", 2, 0),
    ]  # fmt: skip


def test_camt_without_account_or_currency_is_refused() -> None:
    text = camt(statement("0", "1", [entry("1")]))
    with pytest.raises(CamtError, match="names no account"):
        of_camt(text.replace(f"<IBAN>{IBAN}</IBAN>", ""))
    bare = text.replace(' Ccy="EUR"', "")
    with pytest.raises(CamtError, match="no currency"):
        of_camt(bare)


def test_xml_from_outside_brings_no_entities() -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(UnreadableXmlError, match="DOCTYPE"):
        parse_xml((bomb + camt(statement("0", "0"))).encode())
    with pytest.raises(UnreadableXmlError):
        parse_xml(b"<Document><cut")


def test_signs_marks_and_funds_codes_of_mt940() -> None:
    lines = (
        ":61:2603020302CR10,NTRFNONREF//B1\n"
        ":61:2603020302D2,5NCHGNONREF//B2\n"
        ":61:2603020302RC1,NTRFNONREF//B3\n"
        ":61:2603020302RDR0,5NTRFNONREF//B4\n"
        ":61:260302    DD1,25NMSCNONREF\n"
        ":61:260302C,5NMSC\n"
    )
    [read] = of_swift(mt940("100,", "105,75", lines))
    assert [e.amount for e in read.entries][:5] == [
        Decimal(10), Decimal("-2.5"), Decimal(-1), Decimal("0.5"), Decimal("-1.25"),
    ]  # fmt: skip
    assert [e.is_reversal for e in read.entries][:5] == [False, False, True, True, False]
    assert [e.funds_code for e in read.entries][:5] == ["R", None, None, "R", "D"]
    assert [e.bank_reference for e in read.entries][:5] == ["B1", "B2", "B3", "B4", None]
    assert read.entries[5].amount == "unreadable :61: 260302C,5NMSC"
    assert read.credits + read.debits == Decimal("5.75")


def test_the_entry_date_takes_the_year_that_is_near() -> None:
    lines = ":61:2601021231C1,NTRF\n:61:2512310102C1,NTRF\n:61:260302C1,NTRF\n"
    [read] = of_swift(mt940("0,", "3,", lines))
    assert [(e.value_date, e.booking_date) for e in read.entries] == [
        ("2026-01-02", "2025-12-31"), ("2025-12-31", "2026-01-02"), ("2026-03-02", None),
    ]  # fmt: skip


def test_a_month_of_thirty_days_is_said() -> None:
    read = read_swift(mt940("0,", "1,", ":61:2602300301C1,NTRF\n"), BankOptions())
    assert read.statements[0].entries[0].value_date == "2026-02-28"
    assert "260230" in read.remarks[0]


def test_entries_without_a_type_code_are_not_merged() -> None:
    [read] = of_swift(mt940("0,", "3,", ":61:260302C1,\n:86:one\n:61:260302C2,\n:86:two\n"))
    assert [(e.amount, e.details[0].remittance) for e in read.entries] == [
        (Decimal(1), "one"), (Decimal(2), "two"),
    ]  # fmt: skip


def test_accounts_in_the_reference_are_the_other_sides() -> None:
    lines = (
        ":61:2603020302D7,13NOVBNL49RABO0166416932\nsome painter\n:86:NL49RABO0166416932 painter\n"
        ":61:260302D12,N0440121470966      W.P. Somebody\n:86:\n"
    )
    [read] = of_swift(mt940("0,", "0,", lines))
    sns, rabo = read.entries
    assert sns.customer_reference is None
    assert sns.details[0].counterparty_account == "NL49RABO0166416932"
    assert sns.information == "some painter"
    assert (rabo.details[0].counterparty_account, rabo.details[0].counterparty_name) == (
        "0121470966", "W.P. Somebody",
    )  # fmt: skip
    assert rabo.customer_reference is None


def test_texts_of_german_dutch_and_other_banks() -> None:
    lines = (
        ":61:260302C1,NTRF\n"
        ":86:166?00GUTSCHRIFT?20EREF+ABC 123?21SVWZ+Funding CRM-D-7?227 thanks?31DE021234"
        "\n?32KARL?33 KAUFMANN\n"
        ":61:260302C2,NTRF\n"
        ":86:/EREF/EV12//CNTP/NL32INGB0000012345/INGBNL2A/J.Janssen///REMI/USTD//fac\nt 12/\n"
        ":61:260302C3,NTRF\n:86:first\n:86:second\n"
        ":61:260302C4,NTRF\n:86:\n"
    )
    [read] = of_swift(
        mt940("0,", "10,", lines),
        reference_pattern=bank_options(
            bank_source(reference_pattern=r"CRM-D-(\d+)")
        ).reference_pattern,
    )
    german, dutch, plain, empty = (e.details[0] for e in read.entries)
    assert (german.end_to_end_id, german.counterparty_account, german.payment_reference) == (
        "ABC 123", "DE021234", "77",
    )  # fmt: skip
    assert german.counterparty_name == "KARL KAUFMANN"
    assert read.entries[0].proprietary_code == "166"
    assert (dutch.end_to_end_id, dutch.counterparty_name, dutch.remittance) == (
        "EV12", "J.Janssen", "fact 12",
    )  # fmt: skip
    assert plain.remittance == "first\nsecond"
    assert (empty.remittance, empty.amount) == (None, Decimal(4))


def test_lines_that_look_like_fields_or_ends_inside_a_text() -> None:
    lines = ":61:260302D1,NTRF\n:86:805?00FEE?602017-01-01T13\n:12:11\n-\nmore\n:61:260302D2,NTRF\n"
    [read] = of_swift(mt940("10,", "7,", lines))
    assert [e.amount for e in read.entries] == [Decimal(-1), Decimal(-2)]
    headed = (
        "ABNANL2A\n940\n"
        + mt940("10,", "10,")
        + "ABNANL2A\n940\n"
        + mt940("10,", "10,", number="2")
    )
    assert [s.statement_number for s in of_swift(headed)] == [1, 2]
    blocks = "{1:F01X}{2:O940X}{4:\n" + mt940("1,", "1,").replace("-\n", "-}{5:}\n")
    assert len(of_swift(blocks)) == 1


def test_numbers_pages_and_accounts_are_normalised() -> None:
    [wrapped] = of_swift(mt940("1,", "1,").replace(":28C:1/1", ":28C:0000\n0"))
    assert (wrapped.statement_number, wrapped.statement_id) == (None, "2026-03-02/1")
    [paged] = of_swift(mt940("1,", "1,", number="361/2", account="NL05 SNSB EUR"))
    assert (paged.statement_id, paged.account_id) == ("2026-03-02/361/2", "NL05SNSB")
    [renamed] = of_swift(mt940("1,", "1,", account="1234/5 EUR"), accounts={"1234/5": IBAN})
    assert renamed.account_id == IBAN


def test_two_statements_of_one_number_are_two_and_the_same_one_is_one() -> None:
    text = mt940("1,", "1,") + mt940("2,", "2,") + mt940("1,", "1,")
    assert [s.statement_id for s in distinct(of_swift(text))] == [
        "2026-03-02/1/1", "2026-03-02/1/1~2",
    ]  # fmt: skip


def test_old_closing_balances_leave_the_currency_out() -> None:
    [read] = of_swift(
        mt940("1,", "6,", ":61:260302C5,NTRF\n").replace(":62F:C260302EUR", ":62M:C260302")
    )
    assert read.closing is not None
    assert (read.closing.amount, read.closing.currency) == (Decimal(6), "EUR")


def test_interim_reports_are_notifications_and_their_sums_are_compared() -> None:
    text = (
        ":20:X\n:25:ACC\n:28C:3/1\n:34F:EURD0,00\n:34F:EURC0,00\n:13D:2610301730+0000\n"
        ":61:2610301031D0,42NMSC\n:61:2610301031EC5,NMSC\n:90D:1EUR2,30\n:90C:0EUR0,\n"
    )
    read = read_swift(text, BankOptions())
    [report] = read.statements
    assert (report.kind, report.format, report.statement_id) == (
        "notification", "mt942", "2610301730+0000/3/1",
    )  # fmt: skip
    assert [e.counts for e in report.entries] == [True, False]
    assert read.remarks == ["statement X (line 1): :90D: states 2.30, its entries 0.42"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (mt940("1,", "1,").replace(":62F:", ":XX:"), "no closing balance"),
        (mt940("1,", "1,").replace(":60F:", ":XX:"), "no opening balance"),
        (mt940("1,", "1,").replace(":25:", ":XX:"), "names no account"),
        (mt940("1,", "1,", ":61:260302C1,NTRF\n:25:166?00\n"), "has :25: again"),
        (mt940("1,", "x"), "line 5 is no balance"),
        (":60F:C260302EUR1,\n", "before any statement begins"),
    ],
)
def test_cut_and_broken_statements_are_refused(text: str, why: str) -> None:
    with pytest.raises(SwiftError, match=why):
        of_swift(text)


def test_references_name_entries_where_they_are_unique() -> None:
    lines = (
        "".join(f":61:260302C1,NTRFNONREF//{r}\n" for r in ("A", "B", "B")) + ":61:260302C1,NTRF\n"
    )
    [read] = of_swift(mt940("0,", "4,", lines))
    assert [e.entry_id for e in numbered(read).entries] == ["A", "#2", "#3", "#4"]


def test_ibans_are_told_by_their_check_digits() -> None:
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB83WEST12345698765432")
    assert is_iban(iban("DE", "500105170000000007"))


GERMAN = {
    "delimiter": ";", "encoding": "windows-1252", "decimal": ",", "date_format": "%d.%m.%Y",
    "skip_rows": 1, "footer_rows": 1, "currency": "EUR", "account": "DE1",
    "columns": {
        "booking_date": "Buchungstag", "value_date": "Valuta", "amount": "Betrag",
        "balance": "Saldo", "name": "Empfänger", "customer_reference": "Ref",
    },
    "text_columns": ["Zweck 1", "Zweck 2"],
}  # fmt: skip
GERMAN_TEXT = (
    "Umsätze Girokonto;;;;;;;\n"
    "Buchungstag;Valuta;Betrag;Saldo;Empfänger;Ref;Zweck 1;Zweck 2;\n"
    "03.03.2026;03.03.2026;-0,50;1.099,50;Bank;;Gebühr;;\n"
    "02.03.2026;04.03.2026;1.000,00;1.100,00;Jürgen Secret;r1;CRM-D-;9;\n"
    "02.03.2026;02.03.2026;50,00;100,00;Jürgen Secret;r2;x;;\n"
    "Summe;;1.049,50;;;;;;\n"
)


def test_a_mapped_csv_gives_a_statement_a_day_oldest_first() -> None:
    options = bank_options(bank_source(csv=GERMAN, reference_pattern=r"CRM-D-(\d+)"))
    first, second = read_mapped_csv(GERMAN_TEXT.encode("windows-1252"), options)
    assert [e.amount for e in first.entries] == [Decimal("50.00"), Decimal("1000.00")]
    assert first.opening is not None
    assert first.closing is not None
    assert (first.opening.amount, first.closing.amount) == (Decimal("50.00"), Decimal("1100.00"))
    assert second.opening is not None
    assert second.opening.amount == Decimal("1100.00")
    [payment] = first.entries[1].details
    assert payment.counterparty_name == "Jürgen Secret"
    assert payment.payment_reference == "9"
    assert [e.row for e in first.entries] == [5, 4]


def test_a_number_of_another_locale_is_marked_and_not_read_as_another_amount() -> None:
    comma = {
        "account": "A", "currency": "EUR", "delimiter": ";", "decimal": ",",
        "columns": {"booking_date": "d", "amount": "a"},
    }  # fmt: skip
    options = bank_options(bank_source(csv=comma))
    [day] = read_mapped_csv(b"d;a\n2026-03-02;1.234,56\n2026-03-02;1.23\n", options)
    assert [e.amount for e in day.entries] == [Decimal("1234.56"), "unreadable: 1.23"]


def test_signs_of_a_mapped_csv() -> None:
    two = {
        "sign": "columns", "account": "A", "currency": "EUR",
        "columns": {"booking_date": "d", "debit": "out", "credit": "in"},
    }  # fmt: skip
    options = bank_options(bank_source(csv=two))
    [day] = read_mapped_csv(
        b"d,out,in\n2026-03-02,5.00,\n2026-03-02,0.00,7\n2026-03-02,,x\n", options
    )
    assert [e.amount for e in day.entries] == [Decimal("-5.00"), Decimal(7), "x"]
    marked = {
        "sign": "indicator", "debit_values": ["Af"], "account": "A", "currency": "EUR",
        "columns": {"booking_date": "d", "amount": "a", "indicator": "i"},
    }  # fmt: skip
    options = bank_options(bank_source(csv=marked))
    [day] = read_mapped_csv(b"d,a,i\n2026-03-02,5,Af\n2026-03-02,7,Bij\n", options)
    assert [e.amount for e in day.entries] == [Decimal(-5), Decimal(7)]


def test_alike_lines_of_a_csv_are_two_entries_and_keep_their_ids() -> None:
    plain = {
        "account": "A", "currency": "EUR", "columns": {"booking_date": "d", "amount": "a"},
    }  # fmt: skip
    options = bank_options(bank_source(csv=plain))
    [day] = read_mapped_csv(b"d,a\n2026-03-02,5\n2026-03-02,5\n", options)
    ids = [e.entry_id for e in day.entries]
    assert len(set(ids)) == 2
    [more] = read_mapped_csv(b"d,a\n2026-03-02,5\n2026-03-02,5\n2026-03-02,6\n", options)
    assert [e.entry_id for e in more.entries][:2] == ids


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"d,b\n", "no column a; its header"),
        (b"d,a\n2026-03-02\n", "fewer fields than the header: 2"),
        (b"\xff\xfe", "set options.csv.encoding"),
        (b"", "no header"),
    ],
)
def test_a_csv_that_does_not_fit_its_mapping(text: bytes, why: str) -> None:
    plain = {"account": "A", "currency": "EUR", "columns": {"booking_date": "d", "amount": "a"}}
    with pytest.raises(CsvLayoutError, match=why):
        read_mapped_csv(text, bank_options(bank_source(csv=plain)))


def test_a_reference_at_the_end_of_a_line_is_not_cut() -> None:
    loose = bank_options(bank_source(reference_pattern=r"CRM-D-(\d+)"))
    exact = bank_options(bank_source(reference_pattern=r"CRM-D-(\d{6})"))
    assert loose.reference_in(None, "for CRM-D-70\n0123") is None
    assert exact.reference_in(None, "for CRM-D-70\n0123") == "700123"
    assert exact.reference_in("CRM-D-700123\n45 Street") == "700123"
    assert loose.reference_in("CR M-D-7") == "7"
    assert BankOptions().reference_in("CRM-D-7") is None


def test_options_that_cannot_be_used() -> None:
    for options in (
        {"mood": 1}, {"reversals": "no"}, {"reference_pattern": "("}, {"encoding": "klingon"},
        {"max_megabytes": 0}, {"accounts": []},
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            bank_options(bank_source(**options))
    for layout in (
        {"mood": 1}, {"columns": {"mood": "x"}}, {"sign": "no", "columns": {}}, {"columns": {}},
        {"columns": {"booking_date": "d", "amount": "a"}},
    ):  # fmt: skip
        with pytest.raises(CsvLayoutError):
            csv_layout(layout)
