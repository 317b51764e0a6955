"""Records of a JSON file: webhook bodies and API objects, one a file, a list, or one a line.

Numbers stay the texts the file holds: ``0.10882300`` read as a double is another number, and an id
of 19 digits no longer the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.contracts import TableContract
from ingestion.problems import Problem

Body = dict[str, Any]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without a zone, as the lake holds it
_LINES = (".jsonl", ".ndjson")
# Epoch seconds above this are milliseconds: seconds reach it in the year 5138.
_MILLISECONDS_FROM = 100_000_000_000


class RecordsError(Exception):
    """A file whose records cannot be read: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True)
class Record:
    """One record of a file.

    Attributes:
        row: its line in a file of lines, else its position in the list, from 1.
        body: what the vendor sent, numbers as texts.
        received_at: when the receiver took it (UTC), where its envelope says so.
    """

    row: int
    body: Body
    received_at: datetime | None = None


def read_records(path: Path, lists: Sequence[str] = ()) -> list[Record]:
    """Every record of a JSON file; an empty file of lines has none.

    A receiver may wrap what it took: ``{"received_at": "2026-10-28T08:00:00Z", "body": {...}}``, or
    put ``received_at`` beside the vendor's own keys.

    Args:
        path: the file.
        lists: dotted names under which the vendor's API wraps a list of objects.

    Raises:
        RecordsError: no UTF-8, no JSON, an entry that is no object, a receipt without a zone.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordsError(f"{path.name} is not UTF-8: {error.reason}.", _AGAIN) from error
    if not text.strip():
        if path.suffix.lower() in _LINES:
            return []
        raise RecordsError(f"{path.name} is empty.", _AGAIN)
    records = []
    for row, item in _items(path, text, lists):
        if not isinstance(item, dict):
            raise RecordsError(f"{path.name} row {row} is no JSON object.", _AGAIN)
        records.append(_opened(path, row, item))
    return records


_AGAIN = "deliver it again; nothing of the file was loaded"


def _items(path: Path, text: str, lists: Sequence[str]) -> list[tuple[int, Any]]:
    try:
        parsed = _parsed(text)
    except (ValueError, RecursionError) as error:
        if not (isinstance(error, json.JSONDecodeError) and error.msg == "Extra data"):
            raise RecordsError(f"{path.name} is not JSON: {error}.", _AGAIN) from error
        return _lines(path, text)
    for name in lists:
        listed = part(parsed, *name.split("."))
        if isinstance(listed, list):
            parsed = listed
    return list(enumerate(parsed if isinstance(parsed, list) else [parsed], start=1))


def _lines(path: Path, text: str) -> list[tuple[int, Any]]:
    items = []
    for row, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                items.append((row, _parsed(line)))
            except (ValueError, RecursionError) as error:
                raise RecordsError(f"{path.name} line {row} is not JSON: {error}.", _AGAIN) from (
                    error
                )
    return items


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_number)


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _opened(path: Path, row: int, item: Body) -> Record:
    stated = item.get("received_at")
    if stated is None:
        return Record(row, item)
    received_at = moment(stated)
    if received_at is None:
        raise RecordsError(
            f"{path.name} row {row}: received_at is no time with a zone: {stated}.",
            "let the receiver write it as 2026-10-28T08:00:00Z; nothing of the file was loaded",
        )
    for name in ("body", "payload"):
        inner = item.get(name)
        if isinstance(inner, str):
            try:
                inner = _parsed(inner)
            except (ValueError, RecursionError) as error:
                raise RecordsError(f"{path.name} row {row}: {name} is no JSON.", _AGAIN) from error
        if isinstance(inner, dict):
            return Record(row, inner, received_at)
    return Record(row, {k: v for k, v in item.items() if k != "received_at"}, received_at)


def moment(value: object) -> datetime | None:
    """A stated instant as UTC without a zone: ISO text with a zone, or epoch (milli)seconds."""
    text = str(value).strip()
    if text.replace(".", "", 1).isdigit():
        seconds = float(text) / (1000 if float(text) >= _MILLISECONDS_FROM else 1)
        return _EPOCH + timedelta(seconds=seconds)
    read = _iso(text)
    if read is None or read.tzinfo is None:
        return None
    return read.astimezone(UTC).replace(tzinfo=None)


def utc_moment(value: object) -> str | None:
    """A time of a vendor that states UTC, with or without a zone, as a text of the lake.

    What cannot be read comes back as it is, so that the contract's check refuses it by its name.
    """
    if value is None or value == "":
        return None
    read = _iso(str(value).strip())
    if read is None:
        return str(value)
    if read.tzinfo is not None:
        read = read.astimezone(UTC).replace(tzinfo=None)
    return read.isoformat(" ")


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def content_key(body: Body) -> str:
    """The identity of what was sent: sha256 of the body, whatever its spacing and key order."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def part(body: object, *names: str) -> Any:
    """The value under nested names; None where one of them is not there."""
    for name in names:
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def objects(body: object, *names: str) -> list[Body]:
    """The objects of a nested list; empty where there is none."""
    found = part(body, *names) if names else body
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text_of(value: object) -> str | None:
    """A value as text: lists joined by commas, objects as JSON, nothing for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(text_of(item)) for item in value) or None
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True) if value else None
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value)


def frame_of(contract: TableContract, name: str, rows: Iterable[tuple[int, Body]]) -> pl.DataFrame:
    """Rows (number in the file, our column -> value) as texts under the contract's names."""
    held = list(rows)
    columns = {
        column.target: [text_of(values.get(column.target)) for _, values in held]
        for column in contract.columns
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [row for row, _ in held], dtype=pl.Int64),
    )


def layout_problems(
    contract: TableContract,
    name: str,
    records: Sequence[Record],
    required: Sequence[str],
    known: Sequence[str],
) -> list[Problem]:
    """What of a file's layout is not as the vendor documents it.

    A required key that no record has refuses the file; keys nobody knows are named as a warning.
    """
    seen = {key for record in records for key in record.body}
    problems = [
        Problem(
            contract.table,
            "error",
            f"{name}: no record has the key {key}.",
            "see the connector's README for what it reads; nothing of the file was loaded",
        )
        for key in required
        if records and key not in seen
    ]
    added = sorted(seen.difference(known, required))
    if added and not problems:
        problems.append(
            Problem(
                contract.table,
                "warning",
                f"{name} has keys that are not loaded: {', '.join(added)}.",
                "nothing, unless one of them is wanted: then add it to the contract",
            )
        )
    return problems


def is_refused(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems stops the file."""
    return any(problem.severity == "error" for problem in problems)
