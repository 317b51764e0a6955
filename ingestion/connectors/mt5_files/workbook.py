"""The cells of an xlsx as texts, and clear words about what only looks like one.

openpyxl reads the terminal's UTF-16LE parts. Its read-only mode believes the sheet's stated
dimension, which the terminal's writer makes one row too short: the dimension is not used.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from decimal import Decimal
from pathlib import Path

from ingestion.connectors.refusals import FileRefusedError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK"
# Far beyond any report; an archive that unpacks to more is no report.
_LARGEST = 1 << 30

Grid = list[list[str | None]]


def read_grid(name: str, path: Path) -> Grid:
    """The first sheet, row by row from row 1; numbers in full digits, formulas as their values.

    Raises:
        FileRefusedError: no xlsx, cut off, password-protected, or not readable.
    """
    content = path.read_bytes()
    _refuse_other_formats(name, content)
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                raise FileRefusedError(
                    f"{name} unpacks to more than a gigabyte.", "deliver shorter periods"
                )
            broken = archive.testzip()
        if broken is not None:
            raise zipfile.BadZipFile(f"part {broken} is damaged")
        with warnings.catch_warnings():
            # The terminal writes no default style.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except FileRefusedError:
        raise
    except (zipfile.BadZipFile, EOFError) as error:
        raise FileRefusedError(
            f"{name} is cut off or damaged: {error}.",
            "deliver the whole file; nothing of it was loaded",
        ) from error
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise FileRefusedError(
            f"{name} cannot be read as an xlsx: {error}.",
            "save the report again in the terminal; nothing of the file was loaded",
        ) from error


def _refuse_other_formats(name: str, content: bytes) -> None:
    if content.startswith(_ZIP):
        return
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise FileRefusedError(
                f"{name} is protected by a password.",
                "deliver it without one; nothing of it was loaded",
            )
        raise FileRefusedError(
            f"{name} is an xls, the format of Excel before 2007.",
            "save the report as Open XML (xlsx) in the terminal; nothing of it was loaded",
        )
    if not content:
        raise FileRefusedError(f"{name} is empty.", "deliver it again")
    raise FileRefusedError(
        f"{name} is no xlsx, whatever its name says.",
        "save the report as Open XML (xlsx) in the terminal; nothing of it was loaded",
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        # The shortest digits that give this double are those the file has.
        return format(Decimal(repr(value)), "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    text = re.sub(r"\s+", " ", str(value)).strip()
    return text or None
