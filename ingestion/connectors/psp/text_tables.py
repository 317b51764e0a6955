"""A provider's file as a table of texts: csv, JSON, Excel, or form-urlencoded lines.

Nothing is interpreted here but the file's own form; what the columns mean is the work of
:mod:`ingestion.connectors.psp.fields`.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import polars as pl

from ingestion.checks import SOURCE_ROW
from ingestion.connectors.json_records import RecordsError, part, read_records, text_of
from ingestion.connectors.psp.mapping import FileLayout, Numbers

_AGAIN = "export it again, or correct [file] of the mapping; nothing of the file was loaded"
# How a date of a spreadsheet, which has no text of its own, is written for the mapping to read.
CELL_TIME = "%Y-%m-%dT%H:%M:%S"


class TableError(Exception):
    """A file that is not laid out as the mapping says: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str = _AGAIN) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True)
class TextTable:
    """A file's rows.

    Attributes:
        frame: a text column for each of the file's columns that was asked for, under its name
            as asked, and the row or line in the file; blank cells are NULL.
        missing: columns that were asked for and are not there.
        others: columns of the file that nobody asked for.
    """

    frame: pl.DataFrame
    missing: tuple[str, ...]
    others: tuple[str, ...]


def read_table(
    path: Path, layout: FileLayout, numbers: Numbers, wanted: Sequence[str]
) -> TextTable:
    """Read the ``wanted`` columns of a file.

    Raises:
        TableError: the file is not laid out as the mapping says.
    """
    if layout.format in ("json", "form"):
        records = _json(path, layout) if layout.format == "json" else _form(path, layout)
        return _of_records(records, wanted)
    header, rows = _csv(path, layout) if layout.format == "csv" else _xlsx(path, layout, numbers)
    return _of_rows(path, header, rows, wanted)


Rows = list[tuple[int, list[str]]]


def _of_rows(path: Path, header: list[str], rows: Rows, wanted: Sequence[str]) -> TextTable:
    folded = [name.strip().casefold() for name in header]
    asked = {name: name.strip().casefold() for name in wanted}
    doubled = sorted({n for n in folded if n in asked.values() and folded.count(n) > 1})
    if doubled:
        raise TableError(f"{path.name} names columns twice: {', '.join(doubled)}.")
    ragged = [number for number, cells in rows if len(cells) != len(header)]
    if ragged:
        some = ", ".join(map(str, ragged[:10]))
        raise TableError(
            f"{path.name}: rows without {len(header)} fields: {some} ({len(ragged)} in all)."
        )
    places = {name: folded.index(fold) for name, fold in asked.items() if fold in folded}
    columns = {name: [cells[place] for _, cells in rows] for name, place in places.items()}
    others = [
        name.strip() for name, fold in zip(header, folded, strict=True)
        if name.strip() and fold not in asked.values()
    ]  # fmt: skip
    return TextTable(
        _frame(columns, [number for number, _ in rows], wanted),
        tuple(name for name in wanted if name not in places),
        tuple(others),
    )


def _of_records(records: list[tuple[int, dict[str, Any]]], wanted: Sequence[str]) -> TextTable:
    """Records need not have every field; a column is missing when no record has it."""
    columns = {
        name: [text_of(part(body, *name.split("."))) for _, body in records] for name in wanted
    }
    present = {name for name, values in columns.items() if any(v is not None for v in values)}
    tops = {name.split(".")[0] for name in wanted}
    others = sorted({key for _, body in records for key in body} - tops)
    return TextTable(
        _frame(columns, [number for number, _ in records], wanted),
        tuple(name for name in wanted if name not in present) if records else (),
        tuple(others),
    )


def _frame(
    columns: dict[str, list[Any]], numbers: list[int], wanted: Sequence[str]
) -> pl.DataFrame:
    empty = [None] * len(numbers)
    texts = {name: columns.get(name, empty) for name in wanted}
    stripped = pl.all().str.strip_chars()
    return (
        pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String()))
        .with_columns(pl.when(stripped != "").then(stripped))
        .with_columns(pl.Series(SOURCE_ROW, numbers, dtype=pl.Int64))
    )


def _decoded(path: Path, layout: FileLayout) -> str:
    # A byte order mark in front of UTF-8 is no part of the first column's name.
    utf8 = layout.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    encoding = "utf-8-sig" if utf8 else layout.encoding
    content = path.read_bytes()
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        row = content[:start].count(b"\n") + 1
        raise TableError(f"{path.name} row {row} is not {layout.encoding}.") from error


def _csv(path: Path, layout: FileLayout) -> tuple[list[str], Rows]:
    stream = io.StringIO(_decoded(path, layout), newline="")
    for _ in range(layout.skip_lines):
        stream.readline()
    if layout.quote:
        reader = csv.reader(stream, delimiter=layout.delimiter, quotechar=layout.quote, strict=True)
    else:
        reader = csv.reader(stream, delimiter=layout.delimiter, quoting=csv.QUOTE_NONE, strict=True)
    lines: Rows = []
    begins = layout.skip_lines + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((begins, cells))
            begins = layout.skip_lines + reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{path.name} row {begins} is not CSV: {error}.") from error
    return _headed(path, layout, lines)


def _headed(path: Path, layout: FileLayout, lines: Rows) -> tuple[list[str], Rows]:
    if not lines:
        raise TableError(f"{path.name} has no header.")
    rows = lines[1:]
    if len(rows) < layout.footer_rows:
        raise TableError(
            f"{path.name} has {len(rows)} rows under its header, and file.footer_rows of the "
            f"mapping says that the last {layout.footer_rows} are totals."
        )
    return lines[0][1], rows[: len(rows) - layout.footer_rows]


def _xlsx(path: Path, layout: FileLayout, numbers: Numbers) -> tuple[list[str], Rows]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TableError(f"{path.name} is no Excel workbook: {error}.") from error
    try:
        if layout.sheet and layout.sheet not in workbook.sheetnames:
            raise TableError(
                f"{path.name} has no sheet {layout.sheet}, only {', '.join(workbook.sheetnames)}."
            )
        sheet = workbook[layout.sheet] if layout.sheet else workbook.worksheets[0]
        lines = [
            (number, [_cell(value, numbers) for value in row])
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
            if number > layout.skip_lines and any(value not in (None, "") for value in row)
        ]
    finally:
        workbook.close()
    header, rows = _headed(path, layout, lines)
    width = max((n for n, name in enumerate(header, start=1) if name.strip()), default=0)
    # A sheet is as wide as its widest row; what lies beyond the header must be blank.
    wide = [number for number, cells in rows if any(cell.strip() for cell in cells[width:])]
    if wide:
        raise TableError(f"{path.name} row {wide[0]} has cells beyond the last named column.")
    padded = [(number, (cells + [""] * width)[:width]) for number, cells in rows]
    return header[:width], padded


def _cell(value: object, numbers: Numbers) -> str:
    """A cell's text, as the mapping expects one: a spreadsheet keeps numbers and dates as such."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        # The shortest text that gives the same double: what Excel shows of it.
        text = f"{Decimal(repr(value)):f}"
        whole = text.removesuffix(".0")
        return whole.replace(".", numbers.decimal)
    if isinstance(value, datetime):
        return value.strftime(CELL_TIME)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day).strftime(CELL_TIME)  # noqa: DTZ001
    return str(value)


def _json(path: Path, layout: FileLayout) -> list[tuple[int, dict[str, Any]]]:
    try:
        records = read_records(path, [layout.records] if layout.records else [])
    except RecordsError as error:
        raise TableError(error.what, error.todo) from error
    return [(record.row, record.body) for record in records]


def _form(path: Path, layout: FileLayout) -> list[tuple[int, dict[str, Any]]]:
    records = []
    for number, line in enumerate(_decoded(path, layout).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            pairs = parse_qsl(
                line.strip(), keep_blank_values=True, strict_parsing=True, encoding=layout.encoding
            )
        except (ValueError, UnicodeError) as error:
            raise TableError(f"{path.name} line {number} is no form: {error}.") from error
        doubled = sorted({k for k, _ in pairs if sum(k == other for other, _ in pairs) > 1})
        if doubled:
            raise TableError(f"{path.name} line {number} names fields twice: {doubled[0]}.")
        records.append((number, dict(pairs)))
    return records
