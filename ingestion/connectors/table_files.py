"""Tables in CSV files and workbooks as rows of texts, whatever stands above the header.

Why a file is refused is told apart: an old .xls, a password, a file that was cut off and a text in
another encoding each want something else done.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK\x03\x04"


class UnreadableTableError(ValueError):
    """The file holds no table that can be read.

    Attributes:
        what: a sentence about the file, without its name.
        todo: what to do about it.
    """

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True)
class Line:
    """One row of a table: its number in the file, its cells as texts.

    Attributes:
        long_numbers: cells that a workbook holds as numbers of more than 15 digits: the digits
            after the 15th are lost.
    """

    number: int
    cells: list[str]
    long_numbers: frozenset[int] = frozenset()


def read_table(path: Path, encoding: str = "utf-8-sig", delimiters: str = ",") -> list[Line]:
    """The rows of a CSV file or workbook that hold anything, as texts.

    A workbook is told by its content, not by its name. Of several sheets the first that holds rows
    is read. Dates come as ISO text, numbers as plain decimal text.

    Args:
        delimiters: what may separate fields; the one the first row has most of is taken.

    Raises:
        UnreadableTableError: with the reason and what to do.
    """
    content = path.read_bytes()
    if not content.strip():
        raise UnreadableTableError("is empty", "export it again")
    if content.startswith(_OLE2):
        if _ENCRYPTED in content:
            raise UnreadableTableError(
                "is protected by a password", "deliver it without one, or as CSV"
            )
        raise UnreadableTableError(
            "is an Excel 97-2003 file (.xls)", "save it as .xlsx, or deliver the CSV"
        )
    if content.startswith(_ZIP):
        return _workbook_lines(content)
    if path.suffix.lower() in (".xlsx", ".xls", ".xlsm"):
        raise UnreadableTableError("is no workbook", "export it again, as .xlsx or CSV")
    return _csv_lines(content, encoding, delimiters)


def _csv_lines(content: bytes, encoding: str, delimiters: str) -> list[Line]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise UnreadableTableError(
            f"row {row} is not {encoding.removesuffix('-sig').upper()}",
            "save the file as UTF-8, or name its encoding in options.encoding",
        ) from error
    except LookupError as error:
        raise UnreadableTableError(
            f"cannot be read: there is no encoding {encoding}", "correct options.encoding"
        ) from error
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(delimiters, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    lines: list[Line] = []
    try:
        before = 0
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(before + 1, [cell.strip() for cell in cells]))
            before = reader.line_num
    except csv.Error as error:
        raise UnreadableTableError(
            f"is not a CSV file: {error} (row {reader.line_num})", "export it again"
        ) from error
    return lines


def _workbook_lines(content: bytes) -> list[Line]:
    import openpyxl

    damaged = UnreadableTableError("is cut off or damaged", "deliver it again, complete")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.testzip() is not None:
                raise damaged
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, KeyError, EOFError, OSError, ValueError) as error:
        if isinstance(error, UnreadableTableError):
            raise
        raise damaged from error
    for sheet in book.worksheets:
        lines = [
            _line(number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
        held = [line for line in lines if any(line.cells)]
        if held:
            return held
    raise UnreadableTableError("has no sheet with rows", "export it again")


def _line(number: int, values: tuple[Any, ...]) -> Line:
    long_numbers = frozenset(
        position
        for position, value in enumerate(values)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10**15
    )
    return Line(number, [_text(value) for value in values], long_numbers)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # A workbook's numbers are doubles of 15 digits: 0.1 + 0.2 was meant to be 0.3.
        return format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value).strip()
