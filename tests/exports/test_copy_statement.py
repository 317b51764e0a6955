"""A strategy's statement of a simulated broker: figures, masking, the same bytes, corrections."""

from __future__ import annotations

import csv
import dataclasses
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pypdf
import pytest

from exports.errors import FiguresDisagreeError, UnclosedPeriodError, UnknownSubjectError
from exports.publication import month_of
from exports.statements.client import make_client_statement
from exports.statements.copy_records import CopyRecords, check_copy_fees
from exports.statements.copy_statement import COPY, make_copy_statement
from exports.statements.kinds import Batch
from exports.statements.periods import Period
from exports.statements.reproducing import reproduce
from exports.statements.subjects import publication_of
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MONTH = "2026-09"


def rows_of(content: str, section: str) -> list[dict[str, str]]:
    """The rows of a section, one dictionary a line."""
    lines: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(content)):
        if row["section"] == section:
            lines.setdefault(row["line"], {})[row["field"]] = row["value"]
    return list(lines.values())


def test_figures_are_the_marts_and_investors_are_masked(broker: Settings, tmp_path: Path) -> None:
    made = make_copy_statement(broker, "S2", MONTH, "csv", tmp_path)
    text = made.path.read_text("utf-8")
    with connect("read", settings=broker) as con:
        held = con.execute(
            """
            SELECT right(account_key, 3), fee_kind, due_amount, charged_amount,
                partners_amount_reporting, left_amount_reporting
            FROM lake.partners.fct_copy_fees
            WHERE strategy_id = 'S2' AND month_from = DATE '2026-09-01'
            ORDER BY account_key, fee_kind
            """
        ).fetchall()
        clients = con.execute(
            "SELECT DISTINCT client_key FROM lake.partners.fct_copy_fees WHERE strategy_id = 'S2'"
        ).fetchall()
    fees = [row for row in rows_of(text, "copy_fees") if row["login"]]
    assert [(row["login"][-3:], Decimal(row["due"]), Decimal(row["charged"])) for row in fees] == [
        (login, due, charged) for login, _, due, charged, _, _ in held
    ]
    assert any(due for _, _, due, _, _, _ in held)
    shares = rows_of(text, "copy_shares")
    total = shares.pop()
    taken = [row for row in held if row[3]]
    assert len(shares) == len(taken)
    for row in (*shares, total):
        assert Decimal(row["partners"]) + Decimal(row["left"]) == Decimal(row["charged"])
    assert Decimal(total["partners"]) == round(sum(row[4] for row in taken), 2)
    assert sum(row[4] for row in taken) > 0
    for (client,) in clients:
        assert client.partition("/")[2] not in text


def test_the_same_call_gives_the_same_bytes_and_can_be_reproduced(
    broker: Settings, tmp_path: Path
) -> None:
    for name in ("pdf", "csv", "xlsx"):
        first = make_copy_statement(broker, "demo/S2", MONTH, name, tmp_path / "a")
        second = make_copy_statement(broker, "S2", MONTH, name, tmp_path / "b")
        assert first.statement_number == second.statement_number == "demo-F-2026-000001"
        assert first.path.read_bytes() == second.path.read_bytes()
    assert reproduce(broker, "demo-F-2026-000001").identical
    pdf = pypdf.PdfReader(tmp_path / "a" / "demo-F-2026-000001.pdf")
    text = "\n".join(page.extract_text() for page in pdf.pages)
    for told in ("Fees of investors", "Swift Majors", "25.00 USD a month", "high-water mark"):
        assert told in text
    book = openpyxl.load_workbook(tmp_path / "a" / "demo-F-2026-000001.xlsx")
    assert len(book.sheetnames) == 2


@pytest.mark.parametrize(
    ("language", "told"), [("de", "25,00 USD im Monat"), ("es", "25,00 USD al mes"),
                           ("ar", "رسوم المستثمرين"), ("zh", "投资者费用")]
)  # fmt: skip
def test_it_can_be_read_in_other_languages(
    broker: Settings, tmp_path: Path, language: str, told: str
) -> None:
    made = make_copy_statement(broker, "S2", MONTH, "csv", tmp_path, language=language)
    assert told in made.path.read_text("utf-8")


def test_who_or_what_is_unknown_is_told(broker: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownSubjectError, match="No account follows a strategy 'demo/S9'"):
        make_copy_statement(broker, "S9", MONTH, "csv", tmp_path)
    with pytest.raises(UnclosedPeriodError):
        make_copy_statement(broker, "S2", "2026-11", "csv", tmp_path)


def test_the_investor_sees_what_each_fee_is(broker: Settings, tmp_path: Path) -> None:
    with connect("read", settings=broker) as con:
        [(account, charged)] = con.execute(
            """
            SELECT account_key, sum(charged_amount) FROM lake.partners.fct_copy_fees
            WHERE strategy_id = 'S2' AND charged_amount <> 0 GROUP BY account_key LIMIT 1
            """
        ).fetchall()
    made = make_client_statement(broker, account, "2026-10", "csv", tmp_path)
    moved = [
        row for row in rows_of(made.path.read_text("utf-8"), "cash_movements")
        if row.get("reference", "").endswith(" S2")
    ]  # fmt: skip
    assert {row["kind"] for row in moved} == {"Charge"}
    assert all("2026-09" in row["reference"] for row in moved)
    assert sum(Decimal(row["balance"]) for row in moved) == -charged


def test_figures_that_disagree_are_refused(broker: Settings) -> None:
    period = Period("monthly", *month_of(MONTH))
    with connect("read", settings=broker) as con:
        accounts = COPY.about.accounts(con, "demo", "demo/S2")
        published = publication_of(con, "demo", accounts, period, settles_later=True)
        batch = Batch({"demo/S2": accounts}, period, published, "USD")
        [records] = COPY.read(con, batch)
    assert isinstance(records, CopyRecords)
    check_copy_fees(records)
    for change in ({"difference": Decimal(1)}, {"left_reporting": Decimal(99)},
                   {"charged_reporting": None}):  # fmt: skip
        fee = dataclasses.replace(records.fees[0], **change)
        with pytest.raises(FiguresDisagreeError):
            check_copy_fees(dataclasses.replace(records, fees=(fee,)))
