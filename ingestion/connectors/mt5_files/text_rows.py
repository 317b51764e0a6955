"""Rows of a text export: its encoding, its delimiter, and line breaks that nobody quoted.

The Manager writes UTF-16 with a byte-order mark and tabs, and calls it .csv. It quotes nothing, so
a line break inside a client's name cuts a row in two: the row goes on in the next line, and the two
are joined where together they have exactly the header's fields.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingestion.connectors.refusals import FileRefusedError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = ("\t", ";", ",")
_HEADER_LINES = 5
_ORIGINAL = "export it from the Manager again and deliver that file as it is, not opened in Excel"

# Our name of a printed header; what is none of ours stays as printed.
Rename = Callable[[str], str]


@dataclass(frozen=True)
class TextRows:
    """A table of texts.

    Attributes:
        header: field names: ours, and as printed where a column is not known.
        rows: (line in the file, counted from 1; fields), each with as many fields as the header.
        joined: lines at which a row was joined from several.
        delimiter: what stands between fields.
    """

    header: list[str]
    rows: list[tuple[int, list[str]]]
    joined: list[int] = field(default_factory=list)
    delimiter: str = "\t"


def decode(name: str, content: bytes) -> str:
    """The text of a file, by its byte-order mark; without one UTF-16 is told by its zero bytes.

    Raises:
        FileRefusedError: the bytes are of another encoding, or the file breaks off.
    """
    encoding = next((named for bom, named in _BOMS if content.startswith(bom)), "")
    if not encoding:
        encoding = "utf-8"
        if content[1:2] == b"\x00":
            encoding = "utf-16-le"
        elif content[:1] == b"\x00":
            encoding = "utf-16-be"
    if encoding.startswith("utf-16") and len(content) % 2:
        raise FileRefusedError(
            f"{name} breaks off in the middle of a character ({len(content)} bytes of UTF-16).",
            "deliver the whole file; nothing of it was loaded",
        )
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise FileRefusedError(
            f"{name} row {row} is neither UTF-16 with a byte-order mark nor UTF-8 "
            f"(byte {error.start}).",
            "deliver the Manager's own file, or save it as UTF-8; nothing of it was loaded",
        ) from error


def read_rows(name: str, text: str, rename: Rename, wanted: Sequence[str]) -> TextRows:
    """The rows under the first line that has the wanted columns; lines above are a preamble.

    Args:
        rename: our name of a printed header.
        wanted: names of ours that make a line the header; the first is a number in every row and
            tells where a row begins.

    Raises:
        FileRefusedError: no header, a row that fits no way, or a row that breaks off at the end.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for at, line in enumerate(lines[:_HEADER_LINES]):
        for delimiter in _DELIMITERS:
            header = [rename(part.strip()) for part in _split(line, delimiter)]
            if set(wanted) <= set(header):
                return _rows_under(name, lines, at, header, delimiter, wanted[0])
    raise FileRefusedError(
        f"{name} has no header with the columns {', '.join(wanted)} in its first lines.",
        "deliver the Manager's deals export with its header line; nothing of the file was loaded",
    )


def _rows_under(
    name: str, lines: list[str], at: int, header: list[str], delimiter: str, id_column: str
) -> TextRows:
    printed = len(header)
    while header and not header[-1]:
        header.pop()
    doubled = sorted({part for part in header if header.count(part) > 1})
    if doubled:
        raise FileRefusedError(
            f"{name} has two columns for: {', '.join(doubled)}.",
            "export each once; nothing of the file was loaded",
        )
    found = TextRows(header, [], delimiter=delimiter)
    _collect(name, lines[at + 1 :], at + 2, found, header.index(id_column), printed)
    return found


def _collect(
    name: str, lines: list[str], first: int, found: TextRows, id_at: int, printed: int
) -> None:
    """Turn lines into rows; ``printed`` is the header's width with its unnamed columns."""
    width = len(found.header)
    pending: list[str] = []
    begun = 0
    for number, line in enumerate(lines, start=first):
        if not line.strip() and not pending:
            continue
        fields = _split(line, found.delimiter)
        if not pending and len(fields) < width and not _may_begin(fields, id_at):
            if len(fields) == 1 and found.rows:
                # The rest of the last field of the row before.
                before = found.rows[-1]
                before[1][-1] += "\n" + line
                found.joined.append(before[0])
                continue
            # A totals row that leaves out what it has no total of.
            fields += [""] * (width - len(fields))
        if pending:
            fields = [*pending[:-1], pending[-1] + "\n" + fields[0], *fields[1:]]
        else:
            begun = number
        if width < len(fields) <= printed and not any(part.strip() for part in fields[width:]):
            # A spreadsheet pads every line, the header too, with unnamed columns.
            fields = fields[:width]
        if len(fields) > width:
            raise FileRefusedError(
                f"{name} row {begun} has {len(fields)} fields, the header {width}.",
                f"quote fields that hold the delimiter, or {_ORIGINAL}",
            )
        if len(fields) < width:
            pending = fields
            continue
        if pending:
            found.joined.append(begun)
            pending = []
        found.rows.append((begun, [_unquoted(part) for part in fields]))
    if pending:
        raise FileRefusedError(
            f"{name} breaks off in row {begun}: {len(pending)} of {width} fields.",
            "deliver the whole file; nothing of it was loaded",
        )


def _may_begin(fields: list[str], id_at: int) -> bool:
    """Whether a line that is too short can be the first of a row: an id, or not that far yet."""
    if id_at < len(fields):
        return fields[id_at].strip().strip('"')[:1].isdigit()
    return len(fields) > 1


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t" or '"' not in line:
        # The Manager quotes nothing: a quotation mark is part of a name.
        return line.split(delimiter)
    try:
        [fields] = csv.reader([line], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return line.split(delimiter)
    return fields


def _unquoted(part: str) -> str:
    if len(part) > 1 and part[0] == part[-1] == '"':
        return part[1:-1].replace('""', '"')
    return part
