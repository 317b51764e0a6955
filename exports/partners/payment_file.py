"""The files that pay an approved run: ISO 20022 pain.001.001.09 for banks, CSV for wallets.

One PmtInf block a currency. The file is proved against the message's own arithmetic and the types
of its fields before it is kept; a test holds those against the schema. What a bank adds to it is
the bank's to check.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from exports import archive
from exports.errors import FiguresDisagreeError
from exports.partners.figures import PayoutTerms, payout_terms
from exports.publication import month_of
from warehouse.connection import connect
from warehouse.control.partner_runs import Run, RunLine, find_run, move_run
from warehouse.control.registers import RegisteredFile
from warehouse.errors import UsageError
from warehouse.money import minor_unit
from warehouse.settings import Settings

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_DECIMALS = 5
_NOT_LATIN = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


@dataclass(frozen=True)
class Debtor:
    """Who pays: the account that the bank debits."""

    name: str
    iban: str
    bic: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("The payer has no name.", where="debtor", todo="give --name")
        if not _IBAN.fullmatch(self.iban):
            raise UsageError(f"{self.iban!r} is no IBAN.", where="debtor", todo="give --iban")
        if not _BIC.fullmatch(self.bic):
            raise UsageError(f"{self.bic!r} is no BIC.", where="debtor", todo="give --bic")


def pay_run(settings: Settings, run_id: str, debtor: Debtor, out: Path, *, actor: str) -> Run:
    """Write the payment files of an approved run; asked again, the same files.

    Raises:
        UsageError: the run is not approved.
        FiguresDisagreeError: the file does not add up; nothing was written.
    """
    run = find_run(settings, run_id)
    if run.state not in ("approved", "sent"):
        raise UsageError(
            f"The run {run_id} is {run.state}; only an approved one is paid.",
            todo="`daybook partners approve` it",
        )
    with connect("read", settings=settings) as con:
        payees = payout_terms(con, run.tenant_id, month_of(run.period)[1])
    made: dict[str, bytes] = {}
    bank = [line for line in run.lines if line.method == "bank" and line.paid > 0]
    wallet = [line for line in run.lines if line.method == "wallet" and line.paid > 0]
    if bank:
        made[f"{run_id}-pain001.xml"] = pain_001(run, bank, payees, debtor)
    if wallet:
        made[f"{run_id}-wallets.csv"] = wallets_csv(wallet, payees)
    files = []
    for name, content in made.items():
        kept = archive.store(settings, content, name.rpartition(".")[2])
        archive.write_atomically(out / name, content)
        files.append(RegisteredFile(name, kept.sha256, kept.size, kept.path))
    return move_run(settings, run_id, to="sent", actor=actor, files=files)


def pain_001(
    run: Run, lines: Sequence[RunLine], payees: Mapping[str, PayoutTerms], debtor: Debtor
) -> bytes:
    """The message; the same run gives the same bytes."""
    assert run.approved_at is not None
    root = ElementTree.Element("Document", xmlns=NAMESPACE)
    message = ElementTree.SubElement(root, "CstmrCdtTrfInitn")
    header = _group(message, "GrpHdr")
    _text(header, "MsgId", run.run_id[-35:])
    _text(header, "CreDtTm", run.approved_at.strftime("%Y-%m-%dT%H:%M:%S"))
    _text(header, "NbOfTxs", str(len(lines)))
    _text(header, "CtrlSum", _sum(lines))
    _text(_group(header, "InitgPty"), "Nm", latin(debtor.name))
    for currency in sorted({line.payout_currency for line in lines}):
        own = [line for line in lines if line.payout_currency == currency]
        block = _group(message, "PmtInf")
        _text(block, "PmtInfId", f"{run.run_id}-{currency}"[-35:])
        _text(block, "PmtMtd", "TRF")
        _text(block, "NbOfTxs", str(len(own)))
        _text(block, "CtrlSum", _sum(own))
        _text(_group(block, "ReqdExctnDt"), "Dt", run.approved_at.strftime("%Y-%m-%d"))
        _text(_group(block, "Dbtr"), "Nm", latin(debtor.name))
        _text(_group(_group(block, "DbtrAcct"), "Id"), "IBAN", debtor.iban)
        _text(_group(_group(block, "DbtrAgt"), "FinInstnId"), "BICFI", debtor.bic)
        for line in own:
            _transfer(block, line, payees[line.partner_key], run.period)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
    prove(content, lines)
    return content


def _transfer(block: ElementTree.Element, line: RunLine, payee: PayoutTerms, period: str) -> None:
    transfer = _group(block, "CdtTrfTxInf")
    _text(_group(transfer, "PmtId"), "EndToEndId", line.reference)
    amount = ElementTree.SubElement(_group(transfer, "Amt"), "InstdAmt", Ccy=line.payout_currency)
    amount.text = _amount(line.paid, line.payout_currency)
    if payee.bic:
        _text(_group(_group(transfer, "CdtrAgt"), "FinInstnId"), "BICFI", payee.bic)
    _text(_group(transfer, "Cdtr"), "Nm", latin(payee.payee_name or ""))
    iban = (payee.iban or "").replace(" ", "").upper()
    _text(_group(_group(transfer, "CdtrAcct"), "Id"), "IBAN", iban)
    _text(_group(transfer, "RmtInf"), "Ustrd", f"Commission {period} {line.reference}")


def wallets_csv(lines: Sequence[RunLine], payees: Mapping[str, PayoutTerms]) -> bytes:
    """Payments to wallets: reference, address, currency, amount."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("reference", "partner_id", "wallet_address", "currency", "amount"))
    for line in lines:
        writer.writerow(
            (
                line.reference,
                line.partner_key.partition("/")[2],
                payees[line.partner_key].wallet_address,
                line.payout_currency,
                _amount(line.paid, line.payout_currency),
            )
        )
    return text.getvalue().encode()


def prove(content: bytes, lines: Sequence[RunLine]) -> None:
    """That a message pays each line once, in its currency, and that its sums are right.

    Raises:
        FiguresDisagreeError: with the field at fault.
    """
    space = {"p": NAMESPACE}
    root = ElementTree.fromstring(content)  # noqa: S314 - what this module wrote
    faults: list[str] = []
    found: dict[str, tuple[str, Decimal]] = {}
    for block in root.iterfind(".//p:PmtInf", space):
        amounts = [Decimal(item.text or "0") for item in block.iterfind(".//p:InstdAmt", space)]
        if Decimal(block.findtext("p:CtrlSum", "", space)) != sum(amounts, Decimal(0)):
            faults.append("CtrlSum of a PmtInf")
        if int(block.findtext("p:NbOfTxs", "", space)) != len(amounts):
            faults.append("NbOfTxs of a PmtInf")
        for transfer in block.iterfind("p:CdtTrfTxInf", space):
            reference = transfer.findtext("p:PmtId/p:EndToEndId", "", space)
            amount = transfer.find("p:Amt/p:InstdAmt", space)
            assert amount is not None
            if reference in found:
                faults.append(f"EndToEndId {reference} twice")
            faults += _wrong_fields(transfer, reference, amount)
            found[reference] = (amount.get("Ccy", ""), Decimal(amount.text or "0"))
    header = root.find(".//p:GrpHdr", space)
    assert header is not None
    total = sum((amount for _, amount in found.values()), Decimal(0))
    if Decimal(header.findtext("p:CtrlSum", "", space)) != total:
        faults.append("CtrlSum of the GrpHdr")
    if int(header.findtext("p:NbOfTxs", "", space)) != len(found):
        faults.append("NbOfTxs of the GrpHdr")
    if found != {line.reference: (line.payout_currency, line.paid) for line in lines}:
        faults.append("the payments are not those of the run")
    if faults:
        raise FiguresDisagreeError(
            f"The payment file is wrong: {', '.join(faults)}.",
            where="pain.001.001.09",
            todo="correct the partner's payout terms in the CRM, or report it as a defect",
        )


def _wrong_fields(
    transfer: ElementTree.Element, reference: str, amount: ElementTree.Element
) -> list[str]:
    """The fields of a payment that are not of the type that the message gives them."""
    space = {"p": NAMESPACE}
    currency, text = amount.get("Ccy", ""), amount.text or ""
    bic = transfer.findtext("p:CdtrAgt/p:FinInstnId/p:BICFI", None, space)
    iban = transfer.findtext("p:CdtrAcct/p:Id/p:IBAN", "", space)
    name = transfer.findtext("p:Cdtr/p:Nm", "", space)
    right = {
        f"EndToEndId {reference}": 1 <= len(reference) <= 35,
        f"Ccy of {reference}, {currency}": _CURRENCY.fullmatch(currency),
        f"InstdAmt of {reference}, {text}": len(text.partition(".")[2]) <= _MOST_DECIMALS,
        f"BICFI of {reference}": bic is None or _BIC.fullmatch(bic),
        f"Nm of {reference}": 1 <= len(name) <= 140,
        f"IBAN of {reference}": _IBAN.fullmatch(iban),
    }
    return [field for field, is_right in right.items() if not is_right]


def latin(text: str) -> str:
    """A name in the characters that every bank's clearing takes; others become a full stop."""
    return _NOT_LATIN.sub(".", text)[:140]


def _sum(lines: Sequence[RunLine]) -> str:
    return format(sum((line.paid for line in lines), Decimal(0)), "f")


def _amount(amount: Decimal, currency: str) -> str:
    return f"{amount:.{minor_unit(currency)}f}"


def _group(parent: ElementTree.Element, tag: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag)


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
