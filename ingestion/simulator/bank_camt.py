"""Bank statements as camt.053 and a notification as camt.054, as a European bank sends them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from ingestion.simulator.bank_lines import BANK_EUR, AccountDays, Line, Part, units
from ingestion.simulator.clock import day_of

_CODES = {
    "deposit": ("RCDT", "ESCT"), "withdrawal": ("ICDT", "ESCT"), "payout": ("RCDT", "XBCT"),
    "fees": ("MDOP", "FEES"), "own money": ("RCDT", "BOOK"),
}  # fmt: skip
# The last days come one by one, what lies before them as the bank's archive by month.
DAILY_FILES = 2


def write_camt(accounts: Sequence[AccountDays], folder: Path) -> dict[str, int]:
    """camt.053 by month and, for the last days, by day; camt.054 of the first batch booking."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [account for account in accounts if account.bank == BANK_EUR]
    entries = 0
    for label, days in files_of(chosen[0].days):
        statements: list[str] = []
        for account in chosen:
            for day, opened, closed in account.closings():
                if day in days:
                    statements.append(_statement(account, day, opened, closed))
                    entries += len(account.lines[day])
        body = f"<BkToCstmrStmt>{_header(label)}{''.join(statements)}</BkToCstmrStmt>"
        _write(folder / f"camt053_{label}.xml", "camt.053.001.08", body)
    for account in chosen:
        batch = next(
            (day, line) for day in account.days for line in account.lines[day]
            if len(line.parts) > 1
        )  # fmt: skip
        _write(folder / f"camt054_{day_of(batch[0])}.xml", "camt.054.001.08",
               _notification(account, *batch))  # fmt: skip
    return {"bank_eur_entries": entries}


def files_of(days: Sequence[int]) -> Iterator[tuple[str, set[int]]]:
    """Label and days of each file."""
    split = len(days) - DAILY_FILES
    months: dict[str, set[int]] = {}
    for day in days[:split]:
        months.setdefault(f"{day_of(day):%Y-%m}", set()).add(day)
    yield from months.items()
    for day in days[split:]:
        yield day_of(day).isoformat(), {day}


def statement_number(days: Sequence[int], day: int) -> int:
    """The number within the year: banking days of the year up to this one."""
    of_year = [other for other in days if day_of(other).year == day_of(day).year]
    return of_year.index(day) + 1


def _header(label: str) -> str:
    return (
        f"<GrpHdr><MsgId>CAMT{label.replace('-', '')}</MsgId>"
        f"<CreDtTm>{label if len(label) > 7 else label + '-28'}T23:10:00+02:00</CreDtTm></GrpHdr>"
    )


def _account(account: AccountDays) -> str:
    return (
        f"<Acct><Id><IBAN>{account.account}</IBAN></Id><Ccy>{account.currency}</Ccy>"
        "<Ownr><Nm>Harbour Lane Markets (CY) Ltd client money</Nm></Ownr>"
        "<Svcr><FinInstnId><BICFI>BCYPCY2N</BICFI></FinInstnId></Svcr></Acct>"
    )


def _statement(account: AccountDays, day: int, opened: int, closed: int) -> str:
    date, number = day_of(day), statement_number(account.days, day)
    lines = "".join(
        _entry(account, day, position, line)
        for position, line in enumerate(account.lines[day], start=1)
    )
    return (
        f"<Stmt><Id>{account.account[-8:]}-{date:%Y%m%d}</Id>"
        f"<ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{date}T23:05:00+02:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{date}T00:00:00+02:00</FrDtTm><ToDtTm>{date}T23:59:59+02:00</ToDtTm>"
        f"</FrToDt>{_account(account)}"
        f"{_balance('OPBD', account, opened, day)}{_balance('CLBD', account, closed, day)}"
        f"{lines}</Stmt>"
    )


def _notification(account: AccountDays, day: int, line: Line) -> str:
    date = day_of(day)
    position = account.lines[day].index(line) + 1
    return (
        f"<BkToCstmrDbtCdtNtfctn>{_header(date.isoformat())}"
        f"<Ntfctn><Id>N{account.account[-8:]}-{date:%Y%m%d}</Id>"
        f"<CreDtTm>{date}T23:05:00+02:00</CreDtTm>{_account(account)}"
        f"{_entry(account, day, position, line)}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    )


def _balance(code: str, account: AccountDays, minor: int, day: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(account, minor)}"
        f"<Dt><Dt>{day_of(day)}</Dt></Dt></Bal>"
    )


def _entry(account: AccountDays, day: int, position: int, line: Line) -> str:
    family, sub_family = _CODES[line.kind]
    date = day_of(day)
    batch = ""
    if len(line.parts) > 1:
        batch = (
            f"<Btch><PmtInfId>PAY{date:%Y%m%d}</PmtInfId>"
            f"<NbOfTxs>{len(line.parts)}</NbOfTxs></Btch>"
        )
    details = "".join(_detail(account, part) for part in line.parts)
    return (
        f"<Ntry>{_money(account, line.minor)}"
        f"{'<RvslInd>true</RvslInd>' if line.reversal else ''}"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{date}</Dt></BookgDt>"
        f"<ValDt><Dt>{date}</Dt></ValDt><AcctSvcrRef>{date:%Y%m%d}{position:04d}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd>"
        f"</Fmly></Domn></BkTxCd><NtryDtls>{batch}{details}</NtryDtls></Ntry>"
    )


def _detail(account: AccountDays, part: Part) -> str:
    role = "Dbtr" if part.minor > 0 else "Cdtr"
    parties = ""
    if part.name:
        number = f"<{role}Acct><Id><IBAN>{part.account}</IBAN></Id></{role}Acct>"
        parties = (
            f"<RltdPties><{role}><Pty><Nm>{escape(part.name)}</Nm></Pty></{role}>"
            f"{number if part.account else ''}</RltdPties>"
        )
    return (
        f"<TxDtls><Refs><EndToEndId>{part.reference or 'NOTPROVIDED'}</EndToEndId></Refs>"
        f"{_money(account, part.minor)}{parties}"
        f"<RmtInf><Ustrd>{escape(part.text)}</Ustrd></RmtInf></TxDtls>"
    )


def _money(account: AccountDays, minor: int) -> str:
    side = "CRDT" if minor >= 0 else "DBIT"
    return (
        f'<Amt Ccy="{account.currency}">{units(abs(minor), account.currency):f}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd>"
    )


def _write(path: Path, version: str, body: str) -> None:
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">{body}</Document>\n',
        encoding="utf-8",
    )
