"""CSV files as sources hand them over: UTF-8, comma, header, one file a table.

Read by Python's csv module rather than a columnar reader: those fill a short row with NULLs in
silence, and a row cut in half must not be loaded.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ingestion.checks import EXTRA, SOURCE_ROW, SOURCE_TABLE
from ingestion.contracts import TableContract
from ingestion.problems import Problem


@dataclass(frozen=True)
class FileRead:
    """A file's rows as texts under our names, its hash, and what was wrong with it.

    ``columns`` are those of its header, in the contract's spelling where it knows them.
    """

    frame: pl.DataFrame | None
    sha256: str
    problems: list[Problem]
    columns: tuple[str, ...] = ()


def read_csv(
    path: Path,
    contract: TableContract,
    renamed: dict[str, str] | None = None,
    *,
    delimiter: str = ",",
) -> FileRead:
    """Read a CSV file under a contract; ``frame`` is None when it cannot be loaded.

    Args:
        renamed: header in the file -> the contract's name of it, where they differ.
        delimiter: what separates the fields.
    """
    return parse_csv(path.read_bytes(), path.name, contract, renamed, delimiter=delimiter)


def parse_csv(
    content: bytes,
    name: str,
    contract: TableContract,
    renamed: dict[str, str] | None = None,
    *,
    delimiter: str = ",",
) -> FileRead:
    """The same of content that lies in no file, ``name`` being what it is called in messages."""
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        return _failed(
            contract, sha256, f"{name} row {row} is not UTF-8.", "save the file as UTF-8"
        )
    try:
        lines = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return _failed(contract, sha256, f"{name} is not a CSV file: {error}.", "export it again")
    if not lines:
        return _failed(
            contract, sha256, f"{name} has no header.", "export it again, with its header"
        )
    header = [(renamed or {}).get(title.strip(), title.strip()) for title in lines[0]]
    problems = _header_problems(name, contract, header)
    if any(problem.severity == "error" for problem in problems):
        return FileRead(None, sha256, problems)
    rows = [(number, line) for number, line in enumerate(lines[1:], start=2) if line]
    ragged = [number for number, line in rows if len(line) != len(header)]
    if ragged:
        some = ", ".join(map(str, ragged[:10]))
        problems.append(
            Problem(
                contract.table,
                "error",
                f"{name}: rows without {len(header)} fields: {some} "
                f"({len(ragged)} in all); nothing of the file was loaded.",
                "quote fields that hold commas or line breaks, and export the file again",
            )
        )
        return FileRead(None, sha256, problems)
    return FileRead(_frame(name, contract, header, rows), sha256, problems, tuple(header))


def _frame(
    file_name: str, contract: TableContract, header: list[str], rows: list[tuple[int, list[str]]]
) -> pl.DataFrame:
    columns = list(zip(*(line for _, line in rows), strict=True)) or [()] * len(header)
    positions = {name.lower(): position for position, name in enumerate(header)}
    texts = {
        c.target: pl.Series(columns[positions[c.source.lower()]], dtype=pl.String)
        for c in contract.columns
        if c.source.lower() in positions
    }
    extra = [
        pl.Series(name, columns[position], dtype=pl.String)
        for position, name in enumerate(header)
        if name.lower() not in {column.source.lower() for column in contract.columns}
    ]
    frame = pl.DataFrame(texts).with_columns(_blank_as_null(pl.all()))
    if extra:
        values = pl.DataFrame(extra).select(_blank_as_null(pl.all())).to_struct(EXTRA)
        frame = frame.with_columns(values)
    return frame.with_columns(
        pl.lit(file_name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [number for number, _ in rows], dtype=pl.Int64),
    )


def _blank_as_null(texts: pl.Expr) -> pl.Expr:
    return pl.when(texts.str.strip_chars() != "").then(texts.str.strip_chars())


def _header_problems(file_name: str, contract: TableContract, header: list[str]) -> list[Problem]:
    present = {name.lower() for name in header}
    known = {column.source.lower() for column in contract.columns}
    problems = [
        Problem(
            contract.table,
            "error",
            f"{file_name} has no column {column.source}.",
            "export that column too; nothing of the file was loaded",
        )
        for column in contract.columns
        if column.required and column.source.lower() not in present
    ]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        problems.append(
            Problem(
                contract.table,
                "error",
                f"{file_name} names columns twice: {', '.join(doubled)}.",
                "give each column one name; nothing of the file was loaded",
            )
        )
    extra = [name for name in header if name.lower() not in known]
    if extra:
        problems.append(
            Problem(
                contract.table,
                "warning",
                f"{file_name} has columns that are not loaded: {', '.join(extra)}.",
                "nothing, unless one of them is wanted: then add it to the contract; until then "
                "its values are kept in pii.extra_values",
            )
        )
    return problems


def _failed(contract: TableContract, sha256: str, what: str, todo: str) -> FileRead:
    return FileRead(None, sha256, [Problem(contract.table, "error", what, todo)])
