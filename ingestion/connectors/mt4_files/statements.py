"""The HTML statement of one account: its trades, and the summary they must tie to.

The sum of commission, taxes, swap and profit over the closed trades is the printed Closed P/L, or
the statement is refused: a row was lost or changed on the way. The printed balance is not compared
with deposits and results, because a statement may begin in the middle of the account's life.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import TableRows
from ingestion.connectors.mt4_files.contract import (
    POSITION_TYPES,
    STATEMENT_TRADES,
    STATEMENTS,
)
from ingestion.connectors.mt4_files.statement_page import PageRow, StatementPage, read_page
from ingestion.connectors.mt4_files.statement_rows import (
    SectionRows,
    StatementError,
    read_section,
)
from ingestion.connectors.mt4_files.texts import amount, plain_number
from ingestion.contracts import TableContract
from ingestion.problems import Problem

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
            "august aug", "september sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_PRINTED = re.compile(r"(\d{4})[ .]+([^\s\d]+|\d{1,2})[ .]+(\d{1,2}),? +(\d{1,2}:\d{2})")
_SUMMARY = {
    "deposit/withdrawal": "deposit_withdrawal",
    "credit facility": "credit_facility",
    "closed trade p/l": "closed_pnl",
    "floating p/l": "floating_pnl",
    "margin": "margin",
    "balance": "balance",
    "equity": "equity",
    "free margin": "free_margin",
}
_CLOSED_LABEL, _FLOATING_LABEL = "closed p/l:", "floating p/l:"


def read_statement(file: str, text: str) -> Sequence[TableRows]:
    """The statement and its trades; nothing when the page is none.

    Args:
        file: name of the file, for messages and provenance.
    """
    page = read_page(text)
    if page is None:
        return []
    try:
        return _tables(file, page)
    except StatementError as error:
        problem = Problem(
            STATEMENTS.table,
            "error",
            f"{file}: {error.what}",
            f"{error.todo}; nothing of the file was loaded",
        )
        return [TableRows(STATEMENTS, None, [problem])]


def _tables(file: str, page: StatementPage) -> Sequence[TableRows]:
    sections = {
        name: read_section(name, page.sections.get(name, []))
        for name in ("closed", "open", "working")
    }
    _check_closed(sections["closed"], page)
    problems = [
        *_check_floating(file, sections["open"], page),
        *(
            Problem(STATEMENT_TRADES.table, "warning", f"{file}: {warning}", "see the README")
            for section in sections.values()
            for warning in section.warnings
        ),
    ]
    account = _account(page)
    statement_at, assumed = _moment(account.pop("printed"), sections)
    if assumed:
        problems.append(
            Problem(
                STATEMENTS.table,
                "warning",
                f"{file}: the date of the statement cannot be read; the latest time in it, "
                f"{statement_at}, stands for it.",
                "print statements in English",
            )
        )
    place = {"login": account["login"], "statement_at": statement_at}
    header = {
        **account, "statement_at": statement_at, "company": page.company or None,
        **_summary(page.sections.get("summary", [])),
    }  # fmt: skip
    trades = [
        {**row, **place, "section": name, "currency": account["currency"]}
        for name, section in sections.items()
        for row in section.rows
    ]
    numbers = [number for section in sections.values() for number in section.numbers]
    return [
        TableRows(STATEMENTS, _frame(STATEMENTS, file, [header], [1]), problems),
        TableRows(STATEMENT_TRADES, _frame(STATEMENT_TRADES, file, trades, numbers)),
    ]


def _frame(
    contract: TableContract, file: str, rows: list[dict[str, str | None]], numbers: list[int]
) -> pl.DataFrame:
    names = [column.target for column in contract.columns]
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String())).with_columns(
        pl.lit(file).alias(SOURCE_TABLE), pl.Series(SOURCE_ROW, numbers, dtype=pl.Int64)
    )


def _account(page: StatementPage) -> dict[str, str | None]:
    """Login, name, currency, leverage and the printed date from the rows above the sections."""
    found: dict[str, str | None] = dict.fromkeys(
        ("login", "name", "currency", "leverage", "printed")
    )
    labels = {"account": "login", "name": "name", "currency": "currency", "leverage": "leverage"}
    for cell in (cell for row in page.account for cell in row.cells):
        label, colon, value = cell.partition(":")
        name = labels.get(label.strip().lower())
        if colon and name:
            found[name] = value.strip() or None
        elif _PRINTED.search(cell):
            found["printed"] = cell
    if not (found["login"] or "").isdigit():
        raise StatementError(
            f"the account number cannot be read: {found['login']}.", "deliver it as the "
            "terminal wrote it",
        )  # fmt: skip
    return found


def _moment(printed: str | None, sections: dict[str, SectionRows]) -> tuple[str | None, bool]:
    """When the statement was made, and whether that had to be taken from its rows."""
    match = _PRINTED.search(printed or "")
    if match is not None:
        year, month, day, clock = match.groups()
        number = int(month) if month.isdigit() else _MONTHS.get(month.lower())
        if number is not None:
            return f"{year}-{number:02d}-{int(day):02d} {clock.zfill(5)}:00", False
    times = [
        moment
        for section in sections.values()
        for row in section.rows
        for moment in (row.get("open_time"), row.get("close_time"))
        if moment
    ]
    if not times:
        raise StatementError(
            "its date cannot be read, and it has no rows that would tell it.",
            "print statements in English",
        )
    return max(times), True


def _labels(rows: list[PageRow]) -> dict[str, str]:
    """Printed labels (``Balance:``) with the cell after each."""
    return {
        label.lower(): value
        for row in rows
        for label, value in zip(row.cells, row.cells[1:], strict=False)
        if label.endswith(":")
    }


def _summary(rows: list[PageRow]) -> dict[str, str | None]:
    printed = _labels(rows)
    found = {ours: plain_number(printed.get(f"{label}:")) for label, ours in _SUMMARY.items()}
    if found["balance"] is None:
        raise StatementError("its summary has no Balance: it was cut off.", "save it again")
    return found


def _check_closed(section: SectionRows, page: StatementPage) -> None:
    printed = _labels(page.sections["closed"]).get(_CLOSED_LABEL)
    if printed is None:
        raise StatementError(
            "its closed transactions end without a Closed P/L: it was cut off.", "save it again"
        )
    stated, ours = amount(printed), _result(section)
    if stated != ours:
        raise StatementError(
            f"the closed trades come to {ours}, the printed Closed P/L is {printed}.",
            "rows are missing or were changed: save the statement again",
        )


def _check_floating(file: str, section: SectionRows, page: StatementPage) -> list[Problem]:
    printed = _labels(page.sections.get("open", [])).get(_FLOATING_LABEL)
    if printed is None or amount(printed) == _result(section):
        return []
    return [
        Problem(
            STATEMENT_TRADES.table,
            "warning",
            f"{file}: the open trades come to {_result(section)}, the printed Floating P/L is "
            f"{printed}.",
            "compare with the terminal; the rows were loaded as printed",
        )
    ]


def _result(section: SectionRows) -> Decimal:
    """Commission, taxes, swap and profit of the trades; money operations are not among them."""
    return sum(
        (
            amount(row.get(name)) or Decimal(0)
            for row in section.rows
            if row["type"] in POSITION_TYPES
            for name in ("commission", "taxes", "swap", "profit")
        ),
        Decimal(0),
    )
