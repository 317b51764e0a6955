"""Bank statements as MT940, in the fields and line widths of a German bank, windows-1252."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingestion.simulator.bank_camt import files_of, statement_number
from ingestion.simulator.bank_lines import BANK_USD, AccountDays, Line, Part, units
from ingestion.simulator.clock import day_of

_TYPES = {
    "deposit": ("NTRF", "166"), "withdrawal": ("NTRF", "116"), "payout": ("NTRF", "166"),
    "fees": ("NCHG", "808"), "own money": ("NTRF", "166"),
}  # fmt: skip
_WIDTH = 65


def write_mt940(accounts: Sequence[AccountDays], folder: Path) -> dict[str, int]:
    """One file a month, and one a day for the last days, with a statement for each account."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [account for account in accounts if account.bank == BANK_USD]
    entries = 0
    for label, days in files_of(chosen[0].days):
        lines: list[str] = []
        for account in chosen:
            for day, opened, closed in account.closings():
                if day in days:
                    lines.extend(_statement(account, day, opened, closed))
                    entries += len(account.lines[day])
        text = "\r\n".join([*lines, ""])
        (folder / f"mt940_{label}.sta").write_bytes(text.encode("windows-1252", "replace"))
    return {"bank_usd_entries": entries}


def _statement(account: AccountDays, day: int, opened: int, closed: int) -> Iterator[str]:
    date = day_of(day)
    yield ":20:STARTUMSE"
    yield f":25:{account.account}"
    yield f":28C:{statement_number(account.days, day):05d}/001"
    yield f":60F:{_balance(account, day, opened)}"
    for position, line in enumerate(account.lines[day], start=1):
        kind, code = _TYPES[line.kind]
        [part] = line.parts
        # A reversal is of the other side: RD takes back a debit.
        sign = ("RD" if line.minor > 0 else "RC") if line.reversal else _side(line.minor)
        yield (
            f":61:{date:%y%m%d}{date:%m%d}{sign}{_amount(account, line.minor)}{kind}"
            f"NONREF//{date:%y%m%d}{account.currency}{position:04d}"
        )
        yield from _wrapped(f":86:{_text(line, part, code)}")
    yield f":62F:{_balance(account, day, closed)}"
    yield "-"


def _text(line: Line, part: Part, code: str) -> str:
    purpose = (f"EREF+{part.reference} " if part.reference else "") + f"SVWZ+{part.text}"
    pieces = [purpose[start : start + 27] for start in range(0, len(purpose), 27)]
    fields = "".join(f"?{20 + number}{piece}" for number, piece in enumerate(pieces))
    party = f"?31{part.account}" if part.account else ""
    names = f"?32{part.name[:27]}" if part.name else ""
    return f"{code}?00{line.kind.upper()}{fields}{party}{names}"


def _wrapped(text: str) -> Iterator[str]:
    for start in range(0, len(text), _WIDTH):
        yield text[start : start + _WIDTH]


def _side(minor: int) -> str:
    return "C" if minor >= 0 else "D"


def _amount(account: AccountDays, minor: int) -> str:
    stated = f"{units(abs(minor), account.currency):f}".replace(".", ",")
    return stated if "," in stated else f"{stated},"


def _balance(account: AccountDays, day: int, minor: int) -> str:
    amount = _amount(account, minor)
    return f"{_side(minor)}{day_of(day):%y%m%d}{account.currency}{amount}"
