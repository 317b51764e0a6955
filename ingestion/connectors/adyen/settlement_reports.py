"""The settlement detail report, CSV or workbook, in any order of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.adyen.contract import SETTLEMENT_LINES
from ingestion.connectors.csv_files import FileRead
from ingestion.connectors.localized_text import iana_zone
from ingestion.connectors.table_files import Line, UnreadableTableError, read_table
from ingestion.problems import Problem

# So many of the report's own column names make a row its header.
_HEADER_NAMES = 6
_UNUSED = re.compile(r"^(reserved\d*|)$")
_SPOILT = r"^\d(\.\d+)?[eE]\+\d+$"
_IDENTIFIERS = ("Psp Reference", "Modification Reference", "Merchant Reference")
_TABLE = SETTLEMENT_LINES.table


def read_settlement_report(
    path: Path, sha256: str, zones: Mapping[str, str] | None = None
) -> FileRead | None:
    """The lines of a report; None when the file is none, ``frame`` None when it is refused.

    Args:
        zones: the source's own meaning of time zone names.
    """
    try:
        lines = read_table(path)
    except UnreadableTableError as error:
        return _refused(sha256, f"{path.name} {error.what}.", error.todo)
    start = next((n for n, line in enumerate(lines) if _is_header(line)), None)
    if start is None:
        return None
    header = lines[start]
    problems = _header_problems(path.name, header)
    if any(problem.severity == "error" for problem in problems):
        return FileRead(None, sha256, problems)
    body = lines[start + 1 :]
    ragged = [str(line.number) for line in body if any(line.cells[len(header.cells) :])]
    short = [str(line.number) for line in body if len(line.cells) < len(header.cells)]
    if ragged or short:
        some = ", ".join((ragged + short)[:10])
        return _refused(
            sha256,
            f"{path.name}: rows without {len(header.cells)} fields: {some}; "
            "nothing of the file was loaded.",
            "deliver the report again, as Adyen wrote it",
        )
    frame = _with_zones(_frame(path.name, header, body), zones)
    problems += _identifier_problems(path.name, header, body, frame)
    problems += _zone_problems(path.name, frame)
    if any(problem.severity == "error" for problem in problems):
        return FileRead(None, sha256, problems)
    return FileRead(_with_line_keys(frame), sha256, problems)


def _is_header(line: Line) -> bool:
    known = {column.source.lower() for column in SETTLEMENT_LINES.columns}
    return len(known & {cell.lower() for cell in line.cells}) >= _HEADER_NAMES


def _header_problems(name: str, header: Line) -> list[Problem]:
    held = [cell.lower() for cell in header.cells]
    missing = [
        column.source
        for column in SETTLEMENT_LINES.columns
        if column.required and column.source.lower() not in held
    ]
    known = {column.source.lower() for column in SETTLEMENT_LINES.columns}
    doubled = sorted({cell for cell in header.cells if cell and held.count(cell.lower()) > 1})
    extra = [cell for cell in header.cells if cell.lower() not in known]
    extra = [cell for cell in extra if not _UNUSED.match(cell.lower())]
    problems = []
    if missing:
        problems.append(
            Problem(
                _TABLE,
                "error",
                f"{name} row {header.number} has no column {', '.join(missing)}.",
                "add it to the report in Adyen's Customer Area; nothing of the file was loaded",
            )
        )
    elif doubled:
        problems.append(
            Problem(
                _TABLE,
                "error",
                f"{name} names columns twice: {', '.join(doubled)}.",
                "give each column one name; nothing of the file was loaded",
            )
        )
    elif extra:
        problems.append(
            Problem(
                _TABLE,
                "warning",
                f"{name} has columns that are not loaded: {', '.join(extra)}.",
                "nothing, unless one of them is wanted: then add it to the contract",
            )
        )
    return problems


def _frame(name: str, header: Line, body: list[Line]) -> pl.DataFrame:
    places = {cell.lower(): place for place, cell in enumerate(header.cells)}
    columns = {
        column.target: pl.Series(
            [line.cells[places[column.source.lower()]] or None for line in body],
            dtype=pl.String,
        )
        for column in SETTLEMENT_LINES.columns
        if column.source.lower() in places
    }
    return pl.DataFrame(columns).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [line.number for line in body], dtype=pl.Int64),
    )


def _with_zones(frame: pl.DataFrame, zones: Mapping[str, str] | None) -> pl.DataFrame:
    """The IANA zone beside each stated one; a booking date without one is in the line's zone."""
    if "booking_date" not in frame.columns:
        return frame.with_columns(iana_zone(pl.col("time_zone"), zones).alias("creation_zone"))
    stated = (
        pl.coalesce("booking_date_time_zone", "time_zone")
        if "booking_date_time_zone" in frame.columns
        else pl.col("time_zone")
    )
    return frame.with_columns(
        iana_zone(pl.col("time_zone"), zones).alias("creation_zone"),
        pl.when(pl.col("booking_date").is_not_null())
        .then(iana_zone(stated, zones))
        .alias("booking_zone"),
    )


def _with_line_keys(frame: pl.DataFrame) -> pl.DataFrame:
    """What tells lines of a batch apart, from their content: a report delivered again keeps it.

    Lines of the same type and references (two balance transfers of a batch, references that a
    workbook spoilt) are numbered in the order of date, text and amounts, not of the file.
    """
    same = ["merchant_account", "batch_number", "type", "psp_reference", "modification_reference"]
    late = "modification_merchant_reference"
    order = ["creation_date", *([late] if late in frame.columns else [])]
    order += ["net_debit", "net_credit", "gross_debit", "gross_credit", SOURCE_ROW]
    numbered = frame.sort(order, nulls_last=True).with_columns(
        pl.int_range(1, pl.len() + 1).over(same).alias("_line")
    )
    return (
        numbered.with_columns(
            pl.concat_str(
                pl.col("type").fill_null(""),
                pl.col("psp_reference").fill_null(""),
                pl.col("modification_reference").fill_null(""),
                pl.col("_line"),
                separator="/",
            ).alias("line_key")
        )
        .drop("_line")
        .sort(SOURCE_ROW)
    )


def _identifier_problems(
    name: str, header: Line, body: list[Line], frame: pl.DataFrame
) -> list[Problem]:
    places = {
        place
        for place, cell in enumerate(header.cells)
        if cell.lower() in {text.lower() for text in _IDENTIFIERS}
    }
    cut = [line.number for line in body if places & line.long_numbers]
    spoilt = frame.filter(
        pl.any_horizontal(pl.col("psp_reference", "modification_reference").str.contains(_SPOILT))
    )
    if spoilt.height:
        rows = ", ".join(map(str, spoilt[SOURCE_ROW].head(10)))
        return [
            Problem(
                _TABLE,
                "error",
                f"{name}: a spreadsheet rewrote references as numbers (rows {rows}); they no "
                "longer name a payment. Nothing of the file was loaded.",
                "deliver the file as Adyen wrote it, not saved from a spreadsheet",
            )
        ]
    if cut:
        return [
            Problem(
                _TABLE,
                "warning",
                f"{name} holds references as numbers of more than 15 digits in {len(cut)} rows, "
                f"the first in row {cut[0]}: their last digits are lost.",
                "amounts are right, references are not: deliver the CSV, which keeps them",
            )
        ]
    return []


def _zone_problems(name: str, frame: pl.DataFrame) -> list[Problem]:
    unknown = set(frame.filter(pl.col("creation_zone").is_null())["time_zone"].drop_nulls())
    if "booking_zone" in frame.columns and "booking_date_time_zone" in frame.columns:
        open_ones = frame.filter(
            pl.col("booking_date").is_not_null() & pl.col("booking_zone").is_null()
        )
        unknown |= set(open_ones["booking_date_time_zone"].drop_nulls())
    return [
        Problem(
            _TABLE,
            "error",
            f"{name}: the time zone {zone} is not known, or not the same everywhere; nothing of "
            "the file was loaded.",
            f'say which one it is: options.time_zones = {{ {zone} = "Area/City" }}',
        )
        for zone in sorted(unknown)
    ]


def _refused(sha256: str, what: str, todo: str) -> FileRead:
    return FileRead(None, sha256, [Problem(_TABLE, "error", what, todo)])
