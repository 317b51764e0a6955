"""The manager's Raw Report: as the manager writes it, and as people rework it.

The original begins with a line that names the manager and the days, is separated by semicolons and
ends with a row of column sums and six labelled totals that sum up the whole report. The reworked
copy is separated by commas, has no totals and two columns without a name, the last of which is the
account's currency. In both a balance operation repeats its comment in the Symbol column.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import TableRows
from ingestion.connectors.mt4_files.contract import CASH_TYPES, POSITION_TYPES, REPORT_TRADES
from ingestion.connectors.mt4_files.texts import amount, plain_number, plain_time
from ingestion.problems import Problem

_TABLE = REPORT_TRADES.table
_SUMMED = ("Agent", "Commission", "Taxes", "Swap", "Profit")
_PREAMBLE_LINES = 10
_SHOWN = 10

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class _Report:
    """A report taken apart; row numbers count lines from 1.

    Attributes:
        is_original: it begins with the manager's preamble, so totals must follow.
        header: stripped names, "" for a column without one.
    """

    file: str
    is_original: bool
    header: list[str]
    deals: list[Row]
    totals: list[Row]

    def position(self, name: str) -> int | None:
        """Where a column is; None when the report does not have it."""
        wanted = name.lower()
        return next((n for n, held in enumerate(self.header) if held.lower() == wanted), None)

    def cell(self, row: list[str], name: str) -> str:
        """A cell, stripped; empty where the column is missing."""
        position = self.position(name)
        return row[position].strip() if position is not None else ""


def read_raw_report(file: str, text: str, *, refuses_totals: bool = True) -> Sequence[TableRows]:
    """The deals of a report; nothing when the text is none.

    Args:
        file: name of the file, for messages and provenance.
        refuses_totals: refuse a report whose column sums do not tie to its rows.
    """
    lines = text.splitlines(keepends=True)
    found = _find_header(lines)
    if found is None:
        return []
    start, delimiter = found
    try:
        parsed = list(csv.reader(lines[start:], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return _refused(f"{file} is not a report: {error}.", "export it again")
    header = [name.strip() for name in parsed[0]]
    rows = [
        (start + n, row) for n, row in enumerate(parsed[1:], start=2) if any(map(str.strip, row))
    ]
    ragged = [number for number, row in rows if len(row) != len(header)]
    if ragged:
        some = ", ".join(map(str, ragged[:_SHOWN]))
        return _refused(
            f"{file}: rows without {len(header)} fields: {some} ({len(ragged)} in all).",
            f"export it again; a comment that holds a {delimiter!r} must be quoted",
        )
    has_preamble = any(line.strip() for line in lines[:start])
    report = _Report(
        file,
        has_preamble,
        header,
        [(number, row) for number, row in rows if row[0].strip()],
        [(number, row) for number, row in rows if not row[0].strip()],
    )
    problems = [*_header_problems(report), *_totals_problems(report, refuses_totals)]
    if any(problem.severity == "error" for problem in problems):
        return [TableRows(REPORT_TRADES, None, problems)]
    frame, more = _frame(report)
    return [TableRows(REPORT_TRADES, frame, [*problems, *more])]


def _find_header(lines: list[str]) -> tuple[int, str] | None:
    """The header's line (from 0) and what separates its names."""
    for number, line in enumerate(lines[:_PREAMBLE_LINES]):
        for delimiter in (";", ",", "\t"):
            names = [name.strip().strip('"').lower() for name in line.split(delimiter)]
            if names[0].lstrip("\ufeff") == "deal" and "login" in names:
                return number, delimiter
    return None


def _refused(what: str, todo: str) -> Sequence[TableRows]:
    problem = Problem(_TABLE, "error", what, f"{todo}; nothing of the file was loaded")
    return [TableRows(REPORT_TRADES, None, [problem])]


def _header_problems(report: _Report) -> list[Problem]:
    names = [name.lower() for name in report.header if name]
    known = {column.source.lower() for column in REPORT_TRADES.columns}
    problems = [
        Problem(
            _TABLE,
            "error",
            f"{report.file} has no column {column.source}.",
            "export that column too; nothing of the file was loaded",
        )
        for column in REPORT_TRADES.columns
        if column.required and column.source.lower() not in names
    ]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        problems.append(
            Problem(
                _TABLE,
                "error",
                f"{report.file} names columns twice: {', '.join(doubled)}.",
                "give each column one name; nothing of the file was loaded",
            )
        )
    extra = [name for name in report.header if name and name.lower() not in known]
    if extra:
        problems.append(
            Problem(
                _TABLE,
                "warning",
                f"{report.file} has columns that are not loaded: {', '.join(extra)}.",
                "nothing, unless one of them is wanted: then add it to the contract",
            )
        )
    return problems


def _totals_problems(report: _Report, refuses: bool) -> list[Problem]:
    if not report.totals:
        if not report.is_original:
            return []
        return [
            Problem(
                _TABLE,
                "error",
                f"{report.file} ends before its totals: it was cut off.",
                "export it again; nothing of the file was loaded",
            )
        ]
    wrong = [
        f"row {number}: {name} {report.cell(row, name)!r} is no number"
        for number, row in (*report.deals, *report.totals)
        for name in _SUMMED
        if amount(report.cell(row, name)) is None and not report.cell(row, name).endswith(":")
    ]
    if wrong:
        some = "; ".join(wrong[:_SHOWN])
        return [
            Problem(
                _TABLE,
                "error",
                f"{report.file} cannot be summed up: {some}.",
                "correct it, or export it again; nothing of the file was loaded",
            )
        ]
    sums: list[Problem] = []
    labels: list[Problem] = []
    for number, row in report.totals:
        label = next((cell.strip() for cell in row if cell.strip().endswith(":")), "")
        if label:
            labels += _label_problems(report, number, label.removesuffix(":"), row)
        else:
            sums += _sum_problems(report, number, row, refuses)
    # Where the sums do not tie, the labels cannot either.
    return sums or labels


def _sum(report: _Report, name: str, types: Sequence[str] | None = None, sign: int = 0) -> Decimal:
    """The sum of a column, over the rows of some types and of one sign."""
    total = Decimal(0)
    for _, row in report.deals:
        value = amount(report.cell(row, name)) or Decimal(0)
        if types is not None and report.cell(row, "Type").lower() not in types:
            continue
        if sign and (value > 0) != (sign > 0):
            continue
        total += value
    return total


def _sum_problems(report: _Report, number: int, row: list[str], refuses: bool) -> list[Problem]:
    """The row without a label: the sum of each money column over the whole report."""
    off = [
        f"{name} {stated} against {ours} of the rows"
        for name in _SUMMED
        if report.cell(row, name)
        and (stated := amount(report.cell(row, name))) != (ours := _sum(report, name))
    ]
    if not off:
        return []
    return [
        Problem(
            _TABLE,
            "error" if refuses else "warning",
            f"{report.file}: the totals in row {number} do not tie to its {len(report.deals)} "
            f"rows: {', '.join(off)}.",
            "rows are missing or were changed: export the whole report again; nothing of the "
            "file was loaded"
            if refuses
            else "rows are missing or were changed; it was loaded, because options.totals is warn",
        )
    ]


def _label_problems(report: _Report, number: int, label: str, row: list[str]) -> list[Problem]:
    """A labelled total. What goes into each is told by real reports, not by a manual: a warning."""
    expected = {
        "profit": _sum(report, "Profit", POSITION_TYPES),
        "profit w/o agent commission": _sum(report, "Profit", POSITION_TYPES)
        - _sum(report, "Agent"),
        "total broker fee": _sum(report, "Commission"),
        "deposit": _sum(report, "Profit", CASH_TYPES[:1], 1),
        "withdrawal": _sum(report, "Profit", CASH_TYPES[:1], -1),
        "credit": _sum(report, "Profit", CASH_TYPES[1:]),
    }
    stated = amount(report.cell(row, "Profit"))
    ours = expected.get(label.lower())
    if ours is None or stated == ours:
        return []
    return [
        Problem(
            _TABLE,
            "warning",
            f"{report.file}: {label} in row {number} is {stated}, the rows come to {ours}.",
            "compare with the manager's own figures",
        )
    ]


def _frame(report: _Report) -> tuple[pl.DataFrame, list[Problem]]:
    """The deals as texts under our names."""
    cells = list(zip(*(row for _, row in report.deals), strict=True)) or [()] * len(report.header)
    columns: dict[str, list[str | None]] = {}
    for column in REPORT_TRADES.columns:
        position = report.position(column.source)
        if position is None:
            continue
        texts = [text.strip() for text in cells[position]]
        if column.type == "TIMESTAMP":
            columns[column.target] = [plain_time(text) for text in texts]
        elif column.type == "VARCHAR":
            columns[column.target] = [text or None for text in texts]
        else:
            columns[column.target] = [plain_number(text) for text in texts]
    columns["type"] = [(text or "").lower() or None for text in columns["type"]]
    problems = []
    unnamed = [n for n, name in enumerate(report.header) if not name]
    for position in unnamed:
        texts = [text.strip() for text in cells[position]]
        is_last = position == len(report.header) - 1
        if is_last and "currency" not in columns and all(map(_is_currency, texts)):
            columns["currency"] = [text or None for text in texts]
        elif any(texts):
            problems.append(
                Problem(
                    _TABLE,
                    "warning",
                    f"{report.file}: column {position + 1} has values and no name; it is not "
                    "loaded.",
                    "name it in the header, if it is wanted",
                )
            )
    schema = dict.fromkeys(columns, pl.String())
    frame = pl.DataFrame(columns, schema=schema).with_columns(
        pl.lit(report.file).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [number for number, _ in report.deals], dtype=pl.Int64),
    )
    return frame, problems


def _is_currency(text: str) -> bool:
    """A code of an account currency, or nothing: USD, USC, USDT."""
    return not text or (3 <= len(text) <= 5 and text.isascii() and text.isupper())
