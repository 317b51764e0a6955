"""A provider's CSV through its mapping: texts under our names, numbers and dates in one form."""

from __future__ import annotations

import csv
from fnmatch import fnmatch

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import DroppedFile
from ingestion.connectors.lp.mapping import MappedFile
from ingestion.connectors.number_texts import plain_number
from ingestion.connectors.refusals import FileRefusedError, refuse_shortened_ids
from ingestion.contracts import TableContract

_IDS = ("fill_id", "line_id")
_NUMBERED = ("fill_id", "ref_fill_id", "trade_id", "order_id", "client_order_id", "line_id")
_SHORTENED = r"\d[.,]\d+E\+\d+"
_TIMES = ("executed_at",)
_SHOWN = 10


def read_texts(file: DroppedFile, mapped: MappedFile) -> tuple[pl.DataFrame, list[str]]:
    """The mapped columns of a file as it states them, and the columns nobody mapped.

    Raises:
        FileRefusedError: another encoding, no header, a mapped column that is missing, or rows of
            another width.
    """
    header, rows = _lines(file, mapped)
    wanted = {
        ours: [theirs] if isinstance(theirs, str) else theirs
        for ours, theirs in mapped.columns.items()
    }
    missing = sorted({name for names in wanted.values() for name in names} - set(header))
    if missing:
        raise FileRefusedError(
            f"{file.name} has no column {', '.join(missing)}.",
            "deliver it with that column, or correct the mapping; nothing of the file was loaded",
        )
    columns = list(zip(*(fields for _, fields in rows), strict=True)) or [()] * len(header)
    series = {
        name: pl.Series(values, dtype=pl.String).str.strip_chars()
        for name, values in zip(header, columns, strict=True)
    }
    frame = pl.DataFrame(
        {
            ours: _joined([series[name] for name in names], "/" if ours in _IDS else " ")
            for ours, names in wanted.items()
        }
        | {SOURCE_ROW: pl.Series([number for number, _ in rows], dtype=pl.Int64)}
    )
    frame = frame.with_columns(
        *(pl.when(pl.col(ours) != "").then(pl.col(ours)).alias(ours) for ours in wanted),
        *(pl.lit(value).alias(ours) for ours, value in mapped.values.items()),
        pl.lit(file.name).alias(SOURCE_TABLE),
    )
    refuse_shortened_ids(file.name, frame, _NUMBERED, _SHORTENED, "file")
    if isinstance(mapped.columns.get("line_id"), list):
        frame = _counted(frame, "line_id")
    used = {name for names in wanted.values() for name in names}
    extra = [
        name
        for name in header
        if name and name not in used and not any(fnmatch(name, p) for p in mapped.ignored)
    ]
    return frame, extra


def _lines(file: DroppedFile, mapped: MappedFile) -> tuple[list[str], list[tuple[int, list[str]]]]:
    content = file.path.read_bytes()
    try:
        text = content.decode(mapped.encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise FileRefusedError(
            f"{file.name} row {row} is not {mapped.encoding}.",
            "deliver it in that encoding, or correct the mapping; nothing of it was loaded",
        ) from error
    reader = csv.reader(
        text.splitlines(keepends=True)[mapped.skip_lines :],
        delimiter=mapped.delimiter,
        strict=True,
    )
    lines: list[tuple[int, list[str]]] = []
    try:
        for fields in reader:
            # A quoted line break makes a row of several lines: it is known by its last.
            lines.append((reader.line_num + mapped.skip_lines, fields))
    except csv.Error as error:
        raise FileRefusedError(
            f"{file.name} row {reader.line_num + mapped.skip_lines} is no CSV: {error}.",
            "deliver it again; nothing of it was loaded",
        ) from error
    if not lines or not any(field.strip() for field in lines[0][1]):
        raise FileRefusedError(
            f"{file.name} has no header in line {mapped.skip_lines + 1}.",
            "deliver it with its header, or correct skip_lines in the mapping",
        )
    header = [name.strip() for name in lines[0][1]]
    rows = [(number, fields) for number, fields in lines[1:] if any(f.strip() for f in fields)]
    ragged = [str(number) for number, fields in rows if len(fields) != len(header)]
    if ragged:
        raise FileRefusedError(
            f"{file.name}: rows without {len(header)} fields: {', '.join(ragged[:_SHOWN])} "
            f"({len(ragged)} in all).",
            "deliver the whole file, fields that hold the delimiter in quotation marks; "
            "nothing of it was loaded",
        )
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise FileRefusedError(
            f"{file.name} names columns twice: {', '.join(doubled)}.",
            "give each column one name; nothing of the file was loaded",
        )
    return header, rows


def _joined(parts: list[pl.Series], separator: str) -> pl.Series:
    if len(parts) == 1:
        return parts[0]
    frame = pl.DataFrame([part.alias(str(n)) for n, part in enumerate(parts)])
    return frame.select(pl.concat_str(pl.all(), separator=separator)).to_series()


def _counted(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Lines that are alike in every part of a joined id are told apart by their order."""
    place = pl.int_range(pl.len()).over(column) + 1
    return frame.with_columns(
        pl.when(place > 1)
        .then(pl.format("{}#{}", column, place))
        .otherwise(pl.col(column))
        .alias(column)
    )


def formatted(frame: pl.DataFrame, contract: TableContract, mapped: MappedFile) -> pl.DataFrame:
    """Numbers with a decimal point and our sign, dates and times as ISO, words as ours.

    What does not fit its format is marked so that the checks refuse it: a date that fits another
    format than the mapping's must not be read by that one.
    """
    expressions: list[pl.Expr] = []
    for column in contract.columns:
        name = column.target
        if name not in frame.columns:
            continue
        if column.type.startswith("DECIMAL"):
            number = plain_number(pl.col(name), mapped.decimal_mark)
            expressions.append(_negated(number) if name in mapped.negated else number)
        elif column.type == "DATE":
            expressions.append(_iso(name, mapped.date_format, is_time=False))
        elif column.type == "TIMESTAMP":
            expressions.append(_iso(name, mapped.time_format, is_time=True))
        elif column.allowed and name in ("side", "kind", "line_type"):
            words = mapped.words_of(name)
            lowered = pl.col(name).str.to_lowercase()
            known = lowered.replace_strict(words, default=None, return_dtype=pl.String)
            expressions.append(pl.coalesce(known, pl.col(name)).alias(name))
    return frame.with_columns(expressions)


def _negated(number: pl.Expr) -> pl.Expr:
    return pl.when(number.str.starts_with("-")).then(number.str.slice(1)).otherwise("-" + number)


def _iso(name: str, form: str, *, is_time: bool) -> pl.Expr:
    text = pl.col(name)
    if not is_time:
        read = text.str.to_date(form, strict=False).dt.to_string("%Y-%m-%d")
    elif "%z" in form:
        moments = text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")
        read = moments.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
    else:
        moments = text.str.to_datetime(form, strict=False, time_unit="us")
        read = moments.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
    return pl.coalesce(read, pl.format("not as {}: {}", pl.lit(form), text)).alias(name)
