"""The payment file against the schema of ISO 20022, whatever partners are called and paid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from exports.errors import FiguresDisagreeError
from exports.partners.figures import PayoutTerms
from exports.partners.payment_file import NAMESPACE, Debtor, pain_001
from warehouse.control.partner_runs import Run, RunLine
from warehouse.errors import UsageError
from warehouse.money import minor_unit

pytestmark = pytest.mark.unit
DEBTOR = Debtor("Northwind Markets", "DE89370400440532013000", "COBADEFFXXX")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The schema of the message that the file says it is."""
    name = NAMESPACE.rpartition(":")[2]
    return etree.XMLSchema(
        etree.fromstring((files("sepaxml") / "schemas" / f"{name}.xsd").read_bytes())
    )


def line(number: int, paid: Decimal, currency: str) -> RunLine:
    nothing = Decimal(0)
    return RunLine(
        partner_key=f"demo/P{number}", payout_currency=currency, method="bank", carried_in=nothing,
        earned=paid, corrected=nothing, clawed_back=nothing, let_go=nothing, paid=paid,
        carried_out=nothing, held=nothing, note="", reference=f"IB202610-P{number}",
    )  # fmt: skip


def payee(key: str, name: str, bic: str | None) -> PayoutTerms:
    return PayoutTerms(
        partner_key=key, payout_currency="", method="bank", conversion_date="period_end",
        hold_days=0, minimum_payout=Decimal(0), carries_negative=True, payee_name=name,
        iban="GB29 NWBK 6016 1331 9268 19", bic=bic, wallet_address=None,
    )  # fmt: skip


def message(
    lines: list[RunLine], name: str = "Quay", bic: str | None = None, run_id: str = "demo-2026-10"
) -> bytes:
    run = Run(
        run_id=run_id, tenant_id="demo", period="2026-10", snapshot_id=1, code_version="",
        state="approved", maker="ada", reviewer="ben", checker="cy",
        created_at=dt.datetime(2026, 11, 2), approved_at=dt.datetime(2026, 11, 3, 10, 30),
        paid_on=None, left_out={}, files=(), lines=tuple(lines),
    )  # fmt: skip
    payees = {item.partner_key: payee(item.partner_key, name, bic) for item in lines}
    return pain_001(run, lines, payees, DEBTOR)


@st.composite
def paid(draw: st.DrawFn) -> list[RunLine]:
    found = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        currency = draw(st.sampled_from(["USD", "EUR", "JPY", "KWD"]))
        units = draw(st.integers(1, 10**12))
        found.append(line(number, Decimal(units).scaleb(-minor_unit(currency)), currency))
    return found


@settings(max_examples=60, deadline=None)
@given(
    lines=paid(),
    name=st.text(min_size=1, max_size=300),
    bic=st.sampled_from([None, "NWBKGB2L", "COBADEFFXXX"]),
    run_id=st.from_regex(r"[a-z0-9_]{1,60}-2026-10", fullmatch=True),
)
def test_every_file_is_valid(
    schema: etree.XMLSchema, lines: list[RunLine], name: str, bic: str | None, run_id: str
) -> None:
    schema.assertValid(etree.fromstring(message(lines, name, bic, run_id)))


def test_the_schema_refuses_what_is_wrong(schema: etree.XMLSchema) -> None:
    content = message([line(1, Decimal("1.72"), "USD")])
    for right, wrong in (
        (b"GB29NWBK", b"GBXXNWBK"),
        (b"<PmtMtd>TRF</PmtMtd>", b""),
        (b'Ccy="USD"', b'Ccy="USDT"'),
        (b"pain.001.001.09", b"pain.001.001.03"),
    ):
        assert right in content
        assert not schema.validate(etree.fromstring(content.replace(right, wrong)))


@pytest.mark.parametrize(
    ("currency", "amount", "field"),
    [
        ("USDT", "1.72", "Ccy of IB202610-P1, USDT"),
        ("BTC", "0.00000001", "InstdAmt of IB202610-P1, 0.00000001"),
    ],
)
def test_what_no_bank_message_carries_is_refused(currency: str, amount: str, field: str) -> None:
    with pytest.raises(FiguresDisagreeError, match=field):
        message([line(1, Decimal(amount), currency)])


def test_a_payer_without_a_name_is_refused() -> None:
    with pytest.raises(UsageError, match="no name"):
        Debtor(" ", DEBTOR.iban, DEBTOR.bic)
