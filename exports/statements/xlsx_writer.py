"""A statement as a workbook: one sheet for the overview and one an account."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import xlsxwriter

from exports.statements.document import Cell, Column, Part, Section, StatementDocument

_WIDTHS = {"text": 16, "money": 15, "lots": 10, "price": 12, "rate": 12, "count": 9}
_FIRST_WIDTH = 24


class _Formats:
    """Cell formats by kind and decimals, made once a workbook."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def get(self, **properties: object) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"font_name": "Calibri", **properties})
        return self._made[key]

    def of(self, cell: Cell, column: Column, *, bold: bool) -> Any:
        properties: dict[str, object] = {"bold": True, "top": 1} if bold else {}
        if isinstance(cell, Decimal):
            decimals = max(-int(cell.as_tuple().exponent), 0)
            places = "." + "0" * decimals if decimals else ""
            grouped = "#,##0" if column.kind == "money" else "0"
            properties["num_format"] = f"{grouped}{places}"
        elif isinstance(cell, dt.datetime):
            properties |= {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}
        elif isinstance(cell, dt.date):
            properties |= {"num_format": "yyyy-mm-dd", "align": "left"}
        return self.get(**properties)


def to_xlsx(document: StatementDocument) -> bytes:
    """The publication is its creation date; equal documents give equal bytes."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties(
        {
            "title": f"{document.title} {document.number}",
            "author": document.issuer,
            "created": document.published_at.replace(tzinfo=dt.UTC),
        }
    )
    formats = _Formats(book)
    names: set[str] = set()
    for index, part in enumerate(document.parts):
        sheet = book.add_worksheet(_sheet_name(part.title, names))
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        if document.words.direction == "rtl":
            sheet.right_to_left()
        row = _letterhead(sheet, formats, document) if index == 0 else 0
        row = _part(sheet, formats, part, row)
        if index == 0:
            _lines(sheet, formats, document.notes, row + 1)
    book.close()
    return content.getvalue()


def _sheet_name(title: str, names: set[str]) -> str:
    name = re.sub(r"[\[\]:*?/\\']", " ", title)[:28]
    unique, count = name, 1
    while unique.lower() in names:
        count += 1
        unique = f"{name} {count}"
    names.add(unique.lower())
    return unique


def _letterhead(sheet: Any, formats: _Formats, document: StatementDocument) -> int:
    sheet.write_string(0, 0, document.issuer, formats.get(bold=True, font_size=16))
    sheet.write_string(1, 0, document.title, formats.get(font_size=12))
    facts = [(fact.label, fact.value) for fact in (*document.letterhead(), *document.facts)]
    for row, (label, value) in enumerate(facts[:1] + facts[3:], start=3):
        sheet.write_string(row, 0, label, formats.get(font_color="#5b6472"))
        sheet.write_string(row, 1, value, formats.get())
    return len(facts) + 3


def _part(sheet: Any, formats: _Formats, part: Part, row: int) -> int:
    if part.facts:
        sheet.write_string(row, 0, part.title, formats.get(bold=True, font_size=14))
        row += 1
        for fact in part.facts:
            sheet.write_string(row, 0, fact.label, formats.get(font_color="#5b6472"))
            sheet.write_string(row, 1, fact.value, formats.get())
            row += 1
        row += 1
    _widths(sheet, part)
    for section in part.sections:
        row = _section(sheet, formats, section, row)
    return _lines(sheet, formats, part.notes, row)


def _widths(sheet: Any, part: Part) -> None:
    widths: dict[int, int] = {0: _FIRST_WIDTH}
    for section in part.sections:
        for index, column in enumerate(section.columns):
            width = _WIDTHS.get(column.kind, 19)
            widths[index] = max(widths.get(index, 0), width)
    for index, width in widths.items():
        sheet.set_column(index, index, width)


def _section(sheet: Any, formats: _Formats, section: Section, row: int) -> int:
    title = f"{section.title} ({section.currency})" if section.currency else section.title
    sheet.write_string(row, 0, title, formats.get(bold=True, font_size=12))
    row += 1
    if not section.rows:
        sheet.write_string(row, 0, section.empty, formats.get(font_color="#5b6472"))
        return row + 2
    for index, column in enumerate(section.columns):
        is_left = column.kind in ("text", "time", "date")
        heading = formats.get(
            bold=True, bottom=1, bg_color="#f3f5f8", align="left" if is_left else "right"
        )
        sheet.write_string(row, index, column.title, heading)
    row += 1
    for line in section.rows:
        _line(sheet, formats, section.columns, line, row, bold=False)
        row += 1
    if section.total is not None:
        _line(sheet, formats, section.columns, section.total, row, bold=True)
        row += 1
    if section.note:
        sheet.write_string(row, 0, section.note, formats.get(italic=True, font_color="#5b6472"))
        row += 1
    return row + 1


def _line(
    sheet: Any,
    formats: _Formats,
    columns: tuple[Column, ...],
    line: tuple[Cell, ...],
    row: int,
    *,
    bold: bool,
) -> None:
    for index, (column, cell) in enumerate(zip(columns, line, strict=True)):
        style = formats.of(cell, column, bold=bold)
        if cell is None:
            sheet.write_blank(row, index, None, style)
        elif isinstance(cell, str):
            # Never as a formula, whatever a comment begins with.
            sheet.write_string(row, index, cell, style)
        elif isinstance(cell, dt.date):
            sheet.write_datetime(row, index, cell, style)
        else:
            sheet.write_number(row, index, float(cell), style)


def _lines(sheet: Any, formats: _Formats, notes: tuple[str, ...], row: int) -> int:
    for note in notes:
        sheet.write_string(row, 0, note, formats.get(italic=True, font_color="#5b6472"))
        row += 1
    return row + 1 if notes else row
