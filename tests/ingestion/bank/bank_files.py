"""Small bank files for tests, written here, with the quirks of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from warehouse.settings import SourceSettings

IBAN = "CY17002001280000001200527600"


def bank(folder: Path, name: str = "bank", tenant: str = "demo", **options: Any) -> SourceSettings:
    """A bank source."""
    return SourceSettings(name=name, kind="bank", path=folder, tenant=tenant, options=options)


def entry(
    amount: str, side: str = "CRDT", reference: str = "", details: str = "", more: str = ""
) -> str:
    """An Ntry booked on 2026-03-02."""
    given = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}'
        f"<Sts>BOOK</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt>"
        f"{given}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def detail(amount: str, text: str, name: str = "Ada Secret", account: str = "DE02SECRET") -> str:
    """A TxDtls of a credit transfer."""
    return (
        "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
        f"<RltdPties><Dbtr><Nm>{name}</Nm></Dbtr><DbtrAcct><Id><IBAN>{account}</IBAN></Id>"
        f"</DbtrAcct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )


def statement(
    opening: str,
    closing: str,
    entries: Sequence[str] = (),
    number: int = 1,
    day: str = "2026-03-02",
    stated_id: str = "",
) -> str:
    """A Stmt in EUR; negative balances are debits."""

    def balance(code: str, amount: str) -> str:
        side = "DBIT" if amount.startswith("-") else "CRDT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="EUR">{amount.lstrip("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
            f"<Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    return (
        f"<Stmt><Id>{stated_id or f'S{number}'}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}</Stmt>"
    )


def camt(*statements: str, version: str = "camt.053.001.02", head: str = "") -> str:
    """A camt document."""
    message, part = {
        "053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[version[5:8]]  # fmt: skip
    body = "".join(statements).replace("Stmt>", f"{part}>")
    return (
        f'{head}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><{message}>'
        f"<GrpHdr><MsgId>M1</MsgId></GrpHdr>{body}</{message}></Document>"
    )


def mt940(
    opening: str, closing: str, lines: str = "", number: str = "1/1", day: str = "260302",
    account: str = IBAN,
) -> str:  # fmt: skip
    """An MT940 statement in EUR."""
    return (
        f":20:STARTUMS\n:25:{account}\n:28C:{number}\n:60F:C{day}EUR{opening}\n{lines}"
        f":62F:C{day}EUR{closing}\n-\n"
    )
