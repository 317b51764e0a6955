"""What a payment's :86: says: subfields of German banks, codes between slashes, or free text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import mt940

from ingestion.connectors.bank.statements import looks_like_iban

_CODES = (
    "EREF|PREF|IREF|KREF|MARF|MREF|CSID|CRED|CNTP|REMI|ORDP|BENM|NAME|ADDR|IBAN|BIC|RTRN|TRCD|ISDT|PURP"
    "|ULTC|ULTD|ULTB|SVCL|ACCW"
)  # fmt: skip
_SLASHED = re.compile(rf"/({_CODES})/")


@dataclass(frozen=True)
class PaymentText:
    """The parts of a payment's text that have a place of their own; the rest is ``remittance``."""

    remittance: str | None = None
    end_to_end_id: str | None = None
    mandate_id: str | None = None
    customer_reference: str | None = None
    creditor_reference: str | None = None
    purpose_code: str | None = None
    return_reason: str | None = None
    business_code: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bank_id: str | None = None


def read_payment_text(stated: str) -> PaymentText:
    """The parts of the text of one entry."""
    compact = "".join(stated.splitlines())
    if re.match(r"^\d{3}\?\d{2}", compact):
        return _subfields(stated)
    if _SLASHED.search(compact):
        return _slashed(compact)
    code = re.match(r"^(\d{3})(?=\s|$)", compact)
    first = stated.strip().split(maxsplit=1)
    if first and looks_like_iban(first[0]):
        return PaymentText(remittance=_clean(stated), counterparty_account=first[0])
    return PaymentText(remittance=_clean(stated), business_code=code[1] if code else None)


def _subfields(stated: str) -> PaymentText:
    """``166?00GUTSCHRIFT?20EREF+...``: mt-940 knows the subfields and the codes inside ?20-?29."""
    transactions = mt940.models.Transactions(options=mt940.Options.all())
    tag = mt940.tags.TransactionDetails()
    found = {"transaction_details": stated}
    parts = mt940.processors.transaction_details_post_processor(
        transactions, tag, dict(found), dict(found)
    )

    def part(*names: str) -> str | None:
        return next((_clean(parts[name]) for name in names if parts.get(name)), None)

    reason = part("return_debit_notes")
    return PaymentText(
        remittance="\n".join(
            text for name in ("purpose", "additional_purpose") if (text := part(name))
        )
        or None,
        end_to_end_id=part("end_to_end_reference"),
        mandate_id=part("additional_position_reference"),
        customer_reference=part("customer_reference"),
        purpose_code=part("purpose_code"),
        # ?34 is a text key; only codes of 9xx are reasons of a return.
        return_reason=reason if reason and reason.startswith("9") else None,
        business_code=part("transaction_code"),
        counterparty_name=part("applicant_name", "recipient_name"),
        counterparty_account=part("gvc_applicant_iban", "applicant_iban"),
        counterparty_bank_id=part("gvc_applicant_bin", "applicant_bin"),
    )


def _slashed(stated: str) -> PaymentText:
    """``/EREF/..//CNTP/iban/bic/name///REMI/USTD//text/`` and ``/ORDP//NAME/../REMI/..``."""
    pieces = _SLASHED.split(stated)
    parts: dict[str, str] = {}
    for code, value in zip(pieces[1::2], pieces[2::2], strict=True):
        parts.setdefault(code, value.strip("/ "))
    party = [piece.strip() for piece in parts.get("CNTP", "").split("/")]
    party += [""] * (3 - len(party))
    kind, _, payment = parts.get("REMI", "").partition("/")
    structured = kind == "STRD"
    payment = payment.strip("/ ") if kind in ("USTD", "STRD") else parts.get("REMI", "")
    return PaymentText(
        remittance=_clean("\n".join(text for text in (pieces[0], payment) if text.strip())),
        end_to_end_id=parts.get("EREF") or None,
        mandate_id=parts.get("MARF") or parts.get("MREF") or None,
        customer_reference=parts.get("PREF") or parts.get("KREF") or None,
        creditor_reference=payment.rpartition("/")[2] or None if structured else None,
        purpose_code=parts.get("PURP") or None,
        return_reason=parts.get("RTRN") or None,
        counterparty_name=party[2] or parts.get("NAME") or None,
        counterparty_account=party[0] or parts.get("IBAN") or None,
        counterparty_bank_id=party[1] or parts.get("BIC") or None,
    )


def _clean(text: str) -> str | None:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(line for line in lines if line) or None
