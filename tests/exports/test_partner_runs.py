"""A payment run of the hand-written broker, from the ledger to the bank's line."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exports.errors import FiguresDisagreeError, UnclosedPeriodError
from exports.partners.accrual import accrue_run, payment_reference
from exports.partners.payment_file import NAMESPACE, Debtor, pain_001, pay_run, prove
from exports.partners.settling import reconcile_run
from exports.statements.partner import make_partner_statement
from exports.statements.partner_balance import payments_section
from tests.golden.tiny_lake import TINY_BROKER, build_lake
from warehouse.connection import connect
from warehouse.control import audit
from warehouse.control.partner_payments import Payment
from warehouse.control.partner_runs import Run, RunLine, find_run, move_run, runs
from warehouse.errors import ContractError, UsageError
from warehouse.settings import Settings
from warehouse.writer import transaction

MONTH = "2026-10"
RUN = "demo-2026-10"
DEBTOR = Debtor("Northwind Markets", "DE89370400440532013000", "COBADEFFXXX")
TERMS = """\
tenant_id,partner_id,payout_currency,method,valid_from,valid_to,conversion_date,hold_days,\
minimum_payout_amount,carries_negative,client_masking
demo,P1,USD,bank,2026-01-01,,period_end,0,0,true,digits
demo,P2,EUR,wallet,2026-01-01,,period_end,0,0,true,digits
"""
PAYEES = """\
partner_id,valid_from,payee_name,iban,bic,wallet_address,_tenant_id,_row_id,_is_deleted
P1,2026-01-01,Harbour Introdücers,GB29 NWBK 6016 1331 9268 19,NWBKGB2L,,demo,21,false
P2,2026-01-01,Quay Partners,,,TQwallet0002,demo,22,false
"""
# What the journal owes: the ledger's amounts.
JOURNAL = """\
tenant_id,business_date,partner_key,currency,amount,credited_account
demo,2026-09-30,demo/P1,USD,1.00,ib_payable
demo,2026-10-01,demo/P1,USD,0.0875,ib_payable
demo,2026-10-02,demo/P1,USD,0.5915,ib_payable
demo,2026-10-02,demo/P1,JPY,6.25,ib_payable
demo,2026-10-02,demo/P2,USD,0.008,ib_payable
"""


def broker(
    tmp_path: Path,
    terms: str = TERMS,
    payees: str = PAYEES,
    journal: str = JOURNAL,
    ledger: Callable[[str], str] = str,
    rates: Callable[[str], str] = str,
) -> Settings:
    folder = tmp_path / "broker"
    shutil.copytree(TINY_BROKER, folder)
    (folder / "stg_crm__partner_payout_terms.csv").write_text(terms, "utf-8")
    (folder / "crm_partner_payout_terms.csv").write_text(payees, "utf-8")
    (folder / "fct_journal_entries.csv").write_text(journal, "utf-8")
    for table, change in (("fct_commission_ledger", ledger), ("can_fx_to_reporting", rates)):
        file = folder / f"{table}.csv"
        file.write_text(change(file.read_text("utf-8")), "utf-8")
    settings = Settings(home=tmp_path / "home")
    build_lake(settings, folder)
    with connect("write", settings=settings) as con, transaction(con, "the bank", settings):
        con.execute("""
            CREATE TABLE lake.staging.stg_bank__entry_details (
                tenant_id VARCHAR, currency VARCHAR, amount_currency VARCHAR,
                amount DECIMAL(24, 8), end_to_end_id VARCHAR, statement_id VARCHAR,
                entry_id VARCHAR);
            CREATE TABLE lake.staging.stg_bank__entries (
                tenant_id VARCHAR, currency VARCHAR, amount DECIMAL(24, 8), is_booked BOOLEAN,
                customer_reference VARCHAR, statement_id VARCHAR, entry_id VARCHAR);
        """)
    return settings


def booked_at_bank(settings: Settings, reference: str, amount: str, entry: str = "1") -> None:
    with connect("write", settings=settings) as con, transaction(con, "a line", settings):
        con.execute(
            "INSERT INTO lake.staging.stg_bank__entry_details "
            "VALUES ('demo', 'USD', 'USD', ?, ?, 'S1', ?)",
            [Decimal(amount), reference, entry],
        )


def approved(settings: Settings) -> Run:
    accrue_run(settings, MONTH, maker="ada")
    move_run(settings, RUN, to="reviewed", actor="ben")
    return move_run(settings, RUN, to="approved", actor="cy")


def test_a_run_pays_what_the_ledger_holds_in_the_payout_currency(tmp_path: Path) -> None:
    run = accrue_run(broker(tmp_path), MONTH, maker="ada")
    first, second = run.lines
    assert [(s.ledger_currency, s.booked) for s in first.sources] == [
        ("JPY", Decimal("6.25")),
        ("USD", Decimal("1.679")),
    ]
    # 1.679 USD and 6.25 JPY at 0.006666666667
    assert first.paid == Decimal("1.72")
    assert first.carried_out == Decimal("0.00066667")
    assert first.earned == Decimal("0.72066667")
    assert first.corrected == Decimal("1.00000000")
    # less than half a cent is not paid, and not lost
    assert (second.paid, second.carried_out) == (Decimal("0.01"), Decimal("-0.00285714"))
    assert run.left_out == {}


def test_a_partner_who_cannot_be_paid_is_left_out_with_the_reason(tmp_path: Path) -> None:
    settings = broker(tmp_path, TERMS.replace("demo,P2,EUR", "demo,P3,EUR"))
    run = accrue_run(settings, MONTH, maker="ada")
    assert run.left_out == {"demo/P2": "no payout terms are in force at the end of the month"}
    assert [line.partner_key for line in run.lines] == ["demo/P1"]


def test_a_missing_rate_is_no_rate_of_one(tmp_path: Path) -> None:
    terms = TERMS.replace("demo,P1,USD", "demo,P1,XAF")
    run = accrue_run(broker(tmp_path, terms), MONTH, maker="ada")
    assert run.left_out == {"demo/P1": "no rate of the month's end for XAF"}


def test_a_missing_rate_of_the_trades_day_leaves_the_partner_out(tmp_path: Path) -> None:
    terms = TERMS.replace("USD,bank,2026-01-01,,period_end", "USD,bank,2026-01-01,,trade")

    def rates(text: str) -> str:
        assert "2026-10-02,JPY," in text
        return "".join(
            line for line in text.splitlines(keepends=True) if "2026-10-02,JPY," not in line
        )

    run = accrue_run(broker(tmp_path, terms, rates=rates), MONTH, maker="ada")
    assert run.left_out == {"demo/P1": "no rate converts JPY into USD"}


def test_a_bank_payment_needs_an_iban(tmp_path: Path) -> None:
    payees = PAYEES.replace("GB29 NWBK 6016 1331 9268 19", "")
    run = accrue_run(broker(tmp_path, payees=payees), MONTH, maker="ada")
    assert run.left_out == {"demo/P1": "payout terms name a bank, but no IBAN or no payee name"}


def test_less_than_the_minimum_is_carried_over(tmp_path: Path) -> None:
    terms = TERMS.replace("demo,P1,USD,bank,2026-01-01,,period_end,0,0",
                          "demo,P1,USD,bank,2026-01-01,,period_end,0,25")  # fmt: skip
    line = accrue_run(broker(tmp_path, terms), MONTH, maker="ada").lines[0]
    assert (line.paid, line.carried_out) == (Decimal("0.00"), Decimal("1.72066667"))
    assert line.note == "below the minimum payout of 25.00"


def test_trades_on_hold_are_paid_by_a_later_run(tmp_path: Path) -> None:
    terms = TERMS.replace("demo,P1,USD,bank,2026-01-01,,period_end,0",
                          "demo,P1,USD,bank,2026-01-01,,period_end,30")  # fmt: skip
    line = accrue_run(broker(tmp_path, terms), MONTH, maker="ada").lines[0]
    # 1 October and 30 days is the 31st; the trades of the 2nd wait
    assert line.paid == Decimal("1.09")
    assert line.held == Decimal("0.63316667")


@pytest.mark.parametrize(
    ("carries", "carried_out", "let_go"),
    [("true", "-8.03571429", "0"), ("false", "0", "8.03571429")],
)
def test_a_negative_balance_is_carried_or_let_go_as_agreed(
    tmp_path: Path, carries: str, carried_out: str, let_go: str
) -> None:
    terms = TERMS.replace("EUR,wallet,2026-01-01,,period_end,0,0,true",
                          f"EUR,wallet,2026-01-01,,period_end,0,0,{carries}")  # fmt: skip
    loss = "demo,2026-10-02,demo/P2,USD,{}"
    settings = broker(
        tmp_path,
        terms,
        journal=JOURNAL.replace(loss.format("0.008"), loss.format("-9")),
        ledger=lambda text: text.replace(",0.001,8,0.008,USD,", ",0.001,8,-9,USD,"),
    )
    line = accrue_run(settings, MONTH, maker="ada").lines[1]
    assert line.paid == 0
    assert (line.carried_out, line.let_go) == (Decimal(carried_out), Decimal(let_go))


def test_a_ledger_that_the_journal_does_not_owe_is_refused(tmp_path: Path) -> None:
    settings = broker(tmp_path, journal=JOURNAL.replace("6.25", "6.24"))
    with pytest.raises(FiguresDisagreeError, match=r"demo/P1: ledger 6\.25"):
        accrue_run(settings, MONTH, maker="ada")
    assert runs(settings, "demo") == []


def test_an_unclosed_month_has_no_run(tmp_path: Path) -> None:
    with pytest.raises(UnclosedPeriodError):
        accrue_run(broker(tmp_path), "2026-11", maker="ada")


def test_who_made_or_reviewed_a_run_cannot_approve_it(tmp_path: Path) -> None:
    settings = broker(tmp_path)
    accrue_run(settings, MONTH, maker="ada")
    with pytest.raises(UsageError, match="only one that is reviewed"):
        move_run(settings, RUN, to="approved", actor="cy")
    move_run(settings, RUN, to="reviewed", actor="ben")
    for name in ("ada", "ben"):
        with pytest.raises(UsageError, match="cannot approve"):
            move_run(settings, RUN, to="approved", actor=name)
    assert move_run(settings, RUN, to="approved", actor="cy").checker == "cy"
    with pytest.raises(UsageError, match="is approved"):
        accrue_run(settings, MONTH, maker="ada")
    assert [entry.action for entry in audit.entries(settings, object_type="partner_run")] == [
        "partner_run.accrued", "partner_run.reviewed", "partner_run.approved",
    ]  # fmt: skip
    assert audit.verify_audit(settings).is_intact


def test_payment_files_pay_each_partner_once(tmp_path: Path, out: Path) -> None:
    settings = broker(tmp_path)
    approved(settings)
    run = pay_run(settings, RUN, DEBTOR, out, actor="cy")
    assert run.state == "sent"
    first = {file.name: (out / file.name).read_bytes() for file in run.files}
    pay_run(settings, RUN, DEBTOR, out, actor="cy")
    assert {name: (out / name).read_bytes() for name in first} == first
    root = ElementTree.fromstring(first[f"{RUN}-pain001.xml"])
    space = {"p": NAMESPACE}
    amount = root.find(".//p:InstdAmt", space)
    assert amount is not None
    assert (amount.text, amount.get("Ccy")) == ("1.72", "USD")
    assert root.findtext(".//p:CdtTrfTxInf/p:Cdtr/p:Nm", "", space) == "Harbour Introd.cers"
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", "", space) == "1.72"
    assert first[f"{RUN}-wallets.csv"].decode().splitlines()[1] == (
        "IB202610-P2,P2,TQwallet0002,EUR,0.01"
    )


def test_a_wrong_payment_file_is_not_written(tmp_path: Path) -> None:
    settings = broker(tmp_path)
    run = approved(settings)
    bank = [line for line in run.lines if line.method == "bank"]
    from exports.partners.figures import payout_terms
    from exports.publication import month_of

    with connect("read", settings=settings) as con:
        payees = payout_terms(con, "demo", month_of(MONTH)[1])
    content = pain_001(run, bank, payees, DEBTOR)
    with pytest.raises(FiguresDisagreeError, match="CtrlSum of a PmtInf"):
        prove(content.replace(b">1.72</InstdAmt>", b">1.73</InstdAmt>"), bank)
    with pytest.raises(FiguresDisagreeError, match="IBAN of IB202610-P1"):
        prove(content.replace(b"GB29NWBK", b"GBXXNWBK"), bank)


def test_a_paid_run_is_reconciled_with_bank_and_wallet(tmp_path: Path, out: Path) -> None:
    settings = broker(tmp_path)
    approved(settings)
    pay_run(settings, RUN, DEBTOR, out, actor="cy")
    move_run(settings, RUN, to="paid", actor="cy")
    wallet = tmp_path / "wallet.csv"
    wallet.write_text("reference,currency,amount,transaction_id\nIB202610-P2,EUR,0.02,T9\n")
    found = reconcile_run(settings, RUN, actor="cy", wallet_lines=wallet)
    assert found.breaks == (
        "demo/P1 IB202610-P1: no bank line pays it",
        "demo/P2 IB202610-P2: 0.01 EUR was due, 0.02 EUR was paid",
    )
    booked_at_bank(settings, "IB202610-P1", "-1.72")
    wallet.write_text("reference,currency,amount,transaction_id\nIB202610-P2,EUR,0.01,T9\n")
    found = reconcile_run(settings, RUN, actor="cy", wallet_lines=wallet)
    assert (found.breaks, found.run.state) == ((), "reconciled")
    assert [line.settled_by for line in find_run(settings, RUN).lines] == ["S1/1", "T9"]


def test_a_payment_that_the_bank_booked_twice_is_a_break(tmp_path: Path, out: Path) -> None:
    settings = broker(tmp_path)
    approved(settings)
    pay_run(settings, RUN, DEBTOR, out, actor="cy")
    move_run(settings, RUN, to="paid", actor="cy")
    for entry in ("1", "2"):
        booked_at_bank(settings, "IB202610-P1", "-1.72", entry)
    assert reconcile_run(settings, RUN, actor="cy").breaks[0] == (
        "demo/P1 IB202610-P1: paid 2 times (S1/1, S1/2)"
    )


def test_a_wallet_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    settings = broker(tmp_path)
    accrue_run(settings, MONTH, maker="ada")
    wallet = tmp_path / "wallet.csv"
    wallet.write_text("reference,amount\n")
    with pytest.raises(ContractError, match="no column currency, transaction_id"):
        reconcile_run(settings, RUN, actor="cy", wallet_lines=wallet)


def test_the_next_run_takes_what_this_one_left(tmp_path: Path) -> None:
    settings = broker(tmp_path)
    september = accrue_run(settings, "2026-09", maker="ada")
    assert [(line.partner_key, line.paid) for line in september.lines] == [
        ("demo/P1", Decimal("1.00"))
    ]
    with pytest.raises(UsageError, match="not approved"):
        accrue_run(settings, MONTH, maker="ada")
    move_run(settings, "demo-2026-09", to="reviewed", actor="ben")
    move_run(settings, "demo-2026-09", to="approved", actor="cy")
    october = accrue_run(settings, MONTH, maker="ada")
    assert october.lines[0].paid == Decimal("0.72")
    assert october.lines[0].corrected == 0
    total = sum((source.booked for run in (september, october) for line in run.lines
                 for source in line.sources), Decimal(0))  # fmt: skip
    assert total == Decimal("7.937")


def test_references_fit_and_are_plain() -> None:
    assert payment_reference("demo/P1", "2026-10") == "IB202610-P1"
    long = payment_reference("demo/" + "x" * 60 + "-7", "2026-10")
    assert len(long) <= 35
    assert long.isascii()


def statement(settings: Settings, month: str, out: Path) -> str:
    made = make_partner_statement(settings, "P1", month, "csv", out)
    return made.path.read_text("utf-8")


def test_a_statement_shows_what_was_paid_and_is_still_owed(tmp_path: Path, out: Path) -> None:
    settings = broker(tmp_path)
    accrue_run(settings, "2026-09", maker="ada")
    move_run(settings, "demo-2026-09", to="reviewed", actor="ben")
    move_run(settings, "demo-2026-09", to="approved", actor="cy")
    pay_run(settings, "demo-2026-09", DEBTOR, out, actor="cy")
    move_run(settings, "demo-2026-09", to="paid", actor="cy", paid_on=dt.date(2026, 10, 5))
    # noted as paid after the days of the statement were published: what was said is said again
    before = statement(settings, MONTH, out)
    assert "balance,consolidated,2,unpaid,1.68," in before
    assert "payments,consolidated,1" not in before
    with connect("write", settings=settings) as con, transaction(con, "publish later", settings):
        con.execute("UPDATE lake.meta.published SET published_at = now()::TIMESTAMP")
    after = [
        line
        for line in statement(settings, MONTH, out).splitlines()
        if line.startswith(("balance,", "payments,"))
    ]
    assert after == [
        "balance,consolidated,1,currency,JPY,",
        "balance,consolidated,1,unpaid_before,0,",
        "balance,consolidated,1,earned,6,",
        "balance,consolidated,1,taken,0,",
        "balance,consolidated,1,unpaid,6,",
        "balance,consolidated,2,currency,USD,",
        "balance,consolidated,2,unpaid_before,1.00,",
        "balance,consolidated,2,earned,0.68,",
        "balance,consolidated,2,taken,1.00,",
        "balance,consolidated,2,unpaid,0.68,",
        "payments,consolidated,1,date,2026-10-05,",
        "payments,consolidated,1,run,2026-09,",
        "payments,consolidated,1,method,bank transfer,",
        "payments,consolidated,1,reference,IB202609-P1,",
        "payments,consolidated,1,currency,USD,",
        "payments,consolidated,1,taken,1.00,",
        "payments,consolidated,1,paid,1.00,",
    ]


def paid_line(**amounts: str) -> Payment:
    names = ("carried_in", "earned", "corrected", "clawed_back", "let_go", "paid", "carried_out",
             "held")  # fmt: skip
    exact = {name: Decimal(amounts.get(name, "0")) for name in names}
    line = RunLine(partner_key="demo/P1", payout_currency="USD", method="wallet", note="",
                   reference="IB202610-P1", **exact)  # fmt: skip
    return Payment("demo-2026-10", MONTH, dt.date(2026, 11, 4), line)


@pytest.mark.parametrize(
    ("line", "commission"),
    [
        (paid_line(carried_in="4.996", earned="20.001", paid="25.00", carried_out="-0.003"), "20"),
        (paid_line(carried_in="-3", earned="1", clawed_back="-5", let_go="7"), "-4"),
        (paid_line(carried_in="2.5", earned="9", carried_out="11.5"), "9"),
    ],
)
def test_a_payments_parts_come_to_what_it_paid(line: Payment, commission: str) -> None:
    section = payments_section([line], dt.date(2026, 11, 1))
    row = dict(zip((column.key for column in section.columns), section.rows[0], strict=True))
    assert row["taken"] == Decimal(commission)
    shown = {name: row.get(name, Decimal(0)) for name in ("carried_in", "let_go", "carried_out")}
    assert (
        shown["carried_in"] + row["taken"] + shown["let_go"] - shown["carried_out"] == row["paid"]
    )
