"""Client statements of the hand-written broker: figures, bytes, and refusals."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pypdf
import pytest

from exports.errors import FiguresDisagreeError, UnclosedPeriodError, UnknownSubjectError
from exports.statements.client import make_client_statement, make_client_statements
from exports.statements.making import StatementFormat, read_statement
from tests.exports.changes import change, publish
from warehouse.control import audit, verify_audit
from warehouse.control.registers import statements
from warehouse.errors import SnapshotError, UsageError
from warehouse.settings import Settings

EXPECTED = Path(__file__).parents[1] / "golden" / "tiny_broker" / "expected"
MONTH = "2026-10"


def _figures(content: bytes, section: str, account: str) -> dict[tuple[str, str], str]:
    rows = csv.DictReader(io.StringIO(content.decode()))
    return {
        (row["line"], row["field"]): row["value"]
        for row in rows
        if row["section"] == section and row["account"].endswith(account)
    }


def _summary(content: bytes, account: str) -> dict[str, str]:
    figures = _figures(content, "summary", account)
    return {
        value: figures[line, "amount"]
        for (line, field), value in figures.items()
        if field == "item"
    }


@pytest.mark.golden
@pytest.mark.parametrize("client", ["C1", "C2", "C3", "C4", "demo/mt5_live/1002"])
def test_statement_is_the_golden_one(
    tiny: Settings, out: Path, client: str, golden_update: bool
) -> None:
    made = make_client_statement(tiny, client, MONTH, "csv", out)
    golden = EXPECTED / f"{client.replace('/', '-').removeprefix('demo-')}-{MONTH}.csv"
    if golden_update:
        golden.write_bytes(made.path.read_bytes())
    assert made.path.read_bytes() == golden.read_bytes()


def test_roll_forward_as_a_pencil_has_it(tiny: Settings, out: Path) -> None:
    content = make_client_statement(tiny, "C1", MONTH, "csv", out).path.read_bytes()
    assert _summary(content, "1001") == {
        "previous_balance": "1000.00",
        "withdrawals": "-200.00",
        "internal_transfers": "-100.00",
        "closed_pnl": "50.00",
        "swap": "-0.40",
        "commission": "-0.70",
        "charges": "-5.00",
        "closing_balance": "743.90",
        "closing_credit": "0.00",
        "floating_pnl": "0.00",
        "floating_swap": "0.00",
        "equity": "743.90",
    }
    assert _summary(content, "1002")["equity"] == "92.82"
    totals = _figures(content, "totals", "consolidated")
    # 743.90 + 91.95 x 1.12 = 846.884; 743.90 + 92.82 x 1.12 = 847.8584
    assert totals["total", "balance_reporting"] == "846.88"
    assert totals["total", "equity_reporting"] == "847.86"
    assert totals["1", "rate"] == "1.120000"
    assert totals["1", "rate_date"] == "2026-10-30"


def test_yen_have_no_decimals(tiny: Settings, out: Path) -> None:
    content = make_client_statement(tiny, "C2", MONTH, "csv", out).path.read_bytes()
    summary = _summary(content, "1003")
    assert (summary["previous_balance"], summary["closing_balance"]) == ("100000", "89938")
    assert _figures(content, "closed_positions", "1003")["1", "open_price"] == "150.000"


def test_cents_are_shown_in_the_main_currency_and_add_up(tiny: Settings, out: Path) -> None:
    content = make_client_statement(tiny, "C3", MONTH, "csv", out).path.read_bytes()
    summary = _summary(content, "1004")
    assert (summary["previous_balance"], summary["closing_balance"]) == ("123.45", "112.74")
    moved = [Decimal(summary[name]) for name in ("closed_pnl", "commission")]
    assert sum(moved) == Decimal("112.74") - Decimal("123.45")
    deals = _figures(content, "deals", "1004")
    assert Decimal(deals["1", "commission"]) + Decimal(deals["2", "commission"]) == moved[1]
    assert deals["total", "commission"] == summary["commission"]
    assert "kept in cents (USC)" in content.decode()
    assert "Zoë Müller" in content.decode()


def test_credit_and_compensation_are_kept_apart(tiny: Settings, out: Path) -> None:
    content = make_client_statement(tiny, "C4", MONTH, "csv", out).path.read_bytes()
    summary = _summary(content, "1005")
    assert summary["previous_credit"] == "50.00"
    assert summary["credit_change"] == "-50.00"
    assert summary["stop_out_compensation"] == "107.00"
    assert summary["closing_balance"] == summary["equity"] == "0.00"


def test_a_month_opens_where_the_last_one_closed(tiny: Settings, out: Path) -> None:
    september = make_client_statement(tiny, "C1", "2026-09", "csv", out).path.read_bytes()
    october = make_client_statement(tiny, "C1", MONTH, "csv", out).path.read_bytes()
    for account in ("1001", "1002"):
        closed = _summary(september, account)["closing_balance"]
        assert _summary(october, account)["previous_balance"] == closed


@pytest.mark.parametrize("format", ["pdf", "csv", "xlsx"])
def test_two_makes_are_the_same_bytes(
    tiny: Settings, tmp_path: Path, format: StatementFormat
) -> None:
    first = make_client_statement(tiny, "C1", MONTH, format, tmp_path / "a")
    second = make_client_statement(tiny, "demo/C1", MONTH, format, tmp_path / "b")
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.archived_at.read_bytes() == first.path.read_bytes()
    assert len(statements(tiny)) == 1


@pytest.mark.parametrize("format", ["pdf", "xlsx"])
def test_the_clock_leaves_no_trace(
    tiny: Settings, out: Path, format: StatementFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_client_statement(tiny, "C1", MONTH, format, out).sha256
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert make_client_statement(tiny, "C1", MONTH, format, out).sha256 == before


def test_later_days_do_not_change_a_published_month(tiny: Settings, out: Path) -> None:
    before = make_client_statement(tiny, "C1", MONTH, "pdf", out)
    snapshot = change(
        tiny,
        "UPDATE lake.pii.crm_clients SET name = 'Ann Carter' WHERE client_id = 'C1'",
    )
    publish(tiny, "2026-11-02", 1, snapshot, "2026-11-03 00:10:00")
    after = make_client_statement(tiny, "C1", MONTH, "pdf", out)
    assert (after.sha256, after.version) == (before.sha256, 1)


def test_a_corrected_day_makes_a_new_statement_that_names_the_old(
    tiny: Settings, out: Path
) -> None:
    before = make_client_statement(tiny, "C1", MONTH, "csv", out)
    snapshot = change(
        tiny,
        "UPDATE lake.canonical.can_deals SET commission_amount = -0.45, "
        "balance_effect_amount = -0.45 WHERE deal_id = 6",
        "UPDATE lake.finance.fct_account_days SET commission_amount = -0.45, "
        "closing_balance_amount = closing_balance_amount - 0.10, "
        "equity_amount = equity_amount - 0.10 WHERE login = 1001 "
        "AND business_date = '2026-10-01'",
        "UPDATE lake.finance.fct_account_days SET "
        "opening_balance_amount = opening_balance_amount - 0.10, "
        "closing_balance_amount = closing_balance_amount - 0.10, "
        "equity_amount = equity_amount - 0.10 WHERE login = 1001 "
        "AND business_date > '2026-10-01'",
    )
    publish(tiny, "2026-10-01", 2, snapshot, "2026-11-05 08:00:00")
    after = make_client_statement(tiny, "C1", MONTH, "csv", out)
    assert (after.statement_number, after.version) == ("demo-C-2026-000002", 2)
    text = after.path.read_text()
    assert "note,,,note,It replaces statement demo-C-2026-000001.," in text
    assert "header,,,replaces,demo-C-2026-000001," in text
    assert _summary(after.path.read_bytes(), "1001")["closing_balance"] == "743.80"
    assert statements(tiny)[-1].replaces == before.statement_number
    as_it_was = make_client_statement(tiny, "C1", MONTH, "csv", out, as_of="2026-11-01")
    assert as_it_was.sha256 == before.sha256
    by_snapshot = make_client_statement(tiny, "C1", MONTH, "csv", out, as_of=before.snapshot_id)
    assert by_snapshot.sha256 == before.sha256


def test_the_pdf_says_what_the_csv_says(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C1", MONTH, "pdf", out)
    reader = pypdf.PdfReader(made.path)
    text = "\n".join(page.extract_text() for page in reader.pages)
    for figure in ("1,000.00", "−200.00", "743.90", "92.82", "847.86", "demo-C-2026-000001"):
        assert figure in text
    assert f"Page 1 of {len(reader.pages)}" in text
    metadata = reader.metadata
    assert metadata is not None
    assert metadata.creation_date == dt.datetime(2026, 10, 31, 0, 10, tzinfo=dt.UTC)


def test_the_workbook_says_what_the_csv_says(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C1", MONTH, "xlsx", out)
    book = openpyxl.load_workbook(made.path)
    assert book.sheetnames == ["All accounts", "Account 1001", "Account 1002"]
    rows = {row[0]: row[2] for row in book["Account 1001"].iter_rows(values_only=True)}
    assert rows["closing_balance"] == 743.9
    assert rows["charges"] == -5


def test_a_comment_is_never_a_formula(tiny: Settings, out: Path) -> None:
    snapshot = change(
        tiny, "UPDATE lake.canonical.can_deals SET comment = '=1+1' WHERE deal_id = 16"
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    made = make_client_statement(tiny, "C1", MONTH, "xlsx", out)
    sheet = openpyxl.load_workbook(made.path)["Account 1001"]
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert cell.data_type == "s"


def test_an_unpublished_day_is_named(tiny: Settings, out: Path) -> None:
    change(tiny, "DELETE FROM lake.meta.published WHERE business_date = '2026-10-02'")
    with pytest.raises(UnclosedPeriodError, match="2026-10-02 on mt5_live not published"):
        make_client_statement(tiny, "C1", MONTH, "csv", out)
    assert not out.exists()
    assert statements(tiny) == []


def test_a_month_that_is_not_over_is_not_closed(tiny: Settings, out: Path) -> None:
    change(tiny, "DELETE FROM lake.meta.published WHERE business_date = '2026-10-30'")
    with pytest.raises(UnclosedPeriodError, match="2026-10-05 on mt5_live"):
        make_client_statement(tiny, "C1", MONTH, "csv", out)
    with pytest.raises(UnclosedPeriodError, match="and 11 more days not published"):
        make_client_statement(tiny, "C1", "2026-11", "csv", out)


def test_an_unreported_weekend_does_not_keep_a_month_open(tiny: Settings, out: Path) -> None:
    # A transfer on Saturday the 3rd: the platform wrote no daily report, nobody can close the day.
    snapshot = change(
        tiny,
        "INSERT INTO lake.finance.fct_account_days BY NAME SELECT * REPLACE ("
        "DATE '2026-10-03' AS business_date, closing_balance_amount AS opening_balance_amount, "
        "0 AS withdrawals_amount, 0 AS closed_pnl_amount, 0 AS swap_amount, "
        "0 AS commission_amount, NULL AS platform_balance_amount) "
        "FROM lake.finance.fct_account_days WHERE login = 1001 AND business_date = '2026-10-02'",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    content = make_client_statement(tiny, "C1", MONTH, "csv", out).path.read_bytes()
    assert _summary(content, "1001")["closing_balance"] == "743.90"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE lake.finance.fct_account_days SET opening_balance_amount = 1000.01 "
            "WHERE login = 1001 AND business_date = '2026-10-01'",
            "opening balance of 2026-10-01 is not the closing balance before",
        ),
        (
            "UPDATE lake.finance.fct_account_days SET swap_amount = -0.41 "
            "WHERE login = 1001 AND business_date = '2026-10-02'",
            "components come to",
        ),
        ("DELETE FROM lake.canonical.can_deals WHERE deal_id = 16", "deals come to"),
        (
            "UPDATE lake.finance.fct_open_positions SET floating_pnl_amount = 0.90 "
            "WHERE position_id = 502",
            "open positions' profit come to",
        ),
        (
            "UPDATE lake.finance.fct_account_days SET equity_amount = 92.83 WHERE login = 1002",
            "balance, credit and floating profit come to",
        ),
        (
            "DELETE FROM lake.canonical.can_fx_to_reporting WHERE currency = 'EUR'",
            "No rate converts EUR",
        ),
    ],
)
def test_figures_that_do_not_tie_are_not_sent(
    tiny: Settings, out: Path, statement: str, message: str
) -> None:
    snapshot = change(tiny, statement)
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    with pytest.raises(FiguresDisagreeError, match=message):
        make_client_statement(tiny, "C1", MONTH, "pdf", out)
    assert not out.exists()


def test_one_account_alone(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "demo/mt5_live/1002", MONTH, "csv", out)
    assert made.statement_number == "demo-A-2026-000001"
    assert "demo/mt5_live/1001" not in made.path.read_text()


def test_many_clients_over_one_connection(tiny: Settings, tmp_path: Path) -> None:
    clients = ["C1", "C2", "C3", "C4"]
    together = list(make_client_statements(tiny, clients, MONTH, "csv", tmp_path / "a"))
    alone = [make_client_statement(tiny, name, MONTH, "csv", tmp_path / "b") for name in clients]
    assert [made.sha256 for made in together] == [made.sha256 for made in alone]
    numbers = [made.statement_number for made in together]
    assert numbers == [f"demo-C-2026-{number:06d}" for number in range(1, 5)]


def test_wrong_questions_are_told_apart(tiny: Settings, out: Path) -> None:
    with pytest.raises(UnknownSubjectError, match="No client or account 'C9'"):
        make_client_statement(tiny, "C9", MONTH, "csv", out)
    with pytest.raises(SnapshotError, match="not a month"):
        make_client_statement(tiny, "C1", "2026-13", "csv", out)
    with pytest.raises(SnapshotError, match="not a period"):
        make_client_statement(tiny, "C1", "October", "csv", out)
    with pytest.raises(SnapshotError, match="neither a snapshot id nor a date"):
        make_client_statement(tiny, "C1", MONTH, "csv", out, as_of="yesterday")
    with pytest.raises(UsageError, match="no statement format"):
        make_client_statement(tiny, "C1", MONTH, "docx", out)  # type: ignore[arg-type]


def test_making_and_reading_are_audited(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C1", MONTH, "csv", out, actor="ada")
    content = read_statement(tiny, made.statement_number, "csv", actor="bob")
    assert content == made.path.read_bytes()
    rows = audit.entries(tiny, object_type="statement", object_id=made.statement_number)
    assert [(row.actor, row.action) for row in rows] == [
        ("ada", "statement.made"),
        ("bob", "statement.read"),
    ]
    assert verify_audit(tiny).is_intact


def test_an_archive_that_was_touched_is_not_read(tiny: Settings, out: Path) -> None:
    from exports.errors import ArchiveError

    made = make_client_statement(tiny, "C1", MONTH, "csv", out)
    made.archived_at.write_bytes(b"something else")
    with pytest.raises(ArchiveError, match="hash differs"):
        read_statement(tiny, made.statement_number, "csv", actor="bob")
