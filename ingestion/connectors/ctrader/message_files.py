"""Dropped files of messages: length-prefixed (``*.pb``) or rendered as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from ingestion.batch import Completeness
from ingestion.connectors.ctrader.contract import CONTRACTS, OPEN_POSITIONS
from ingestion.connectors.ctrader.frames import FrameError, FrameReader
from ingestion.connectors.ctrader.json_messages import (
    JsonMessageError,
    collect_json,
    read_messages,
)
from ingestion.connectors.ctrader.messages import (
    ACCOUNT_FIELD,
    DEAL_LIST,
    ERRORS,
    HEARTBEAT,
    KINDS,
    RECONCILE,
    Rows,
    collect,
    payload_name,
    unknown_fields,
)
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.problems import Problem

PATTERNS = ("*.pb", "*.json", "*.jsonl", "*.ndjson")


@dataclass
class _Found:
    """What a file held, as it is read message by message."""

    rows: dict[str, Rows] = field(default_factory=dict)
    reconciled: set[int] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    cut: list[int] = field(default_factory=list)
    messages: int = 0


class _RefusedError(Exception):
    """The file cannot be loaded; the message says why."""


def read_file(file: DroppedFile) -> Sequence[TableRows]:
    """The rows of one file, by table; open positions of an account replace those held of it."""
    found = _Found()
    try:
        if file.path.suffix.lower() == ".pb":
            _read_frames(file, found)
        else:
            _read_json(file, found)
        if not found.messages:
            raise _RefusedError("it holds no message")
    except (FrameError, JsonMessageError, DecodeError, _RefusedError) as error:
        return [
            TableRows(
                CONTRACTS[0],
                None,
                [
                    Problem(
                        "",
                        "error",
                        f"{file.name} cannot be read: {error}; nothing of it was loaded.",
                        "export it again: a *.pb file holds messages with a length of four bytes "
                        "before each, a JSON file objects with payloadType and payload",
                    )
                ],
            )
        ]
    problems = list(_warnings(file, found))
    tables = [
        TableRows(
            contract,
            found.rows[contract.table].frame(file.name),
            complete=_complete(found) if contract is OPEN_POSITIONS else None,
        )
        for contract in CONTRACTS
        if contract.table in found.rows
    ]
    if not tables:
        # Nothing but heartbeats or messages of other kinds: taken, with a warning.
        tables = [TableRows(CONTRACTS[0], Rows(CONTRACTS[0], texts=True).frame(file.name))]
    first = tables[0]
    return [TableRows(first.contract, first.frame, problems, first.complete), *tables[1:]]


def _complete(found: _Found) -> Completeness | None:
    if not found.reconciled:
        return None
    return Completeness(among=("ctid_trader_account_id", tuple(sorted(found.reconciled))))


def _read_frames(file: DroppedFile, found: _Found) -> None:
    reader = FrameReader()
    number = 0
    with file.path.open("rb") as content:
        while data := content.read(1 << 20):
            for envelope in reader.feed(data):
                number += 1
                _take_frame(envelope, number, found)
    if reader.pending:
        raise FrameError(f"the last frame, at byte {reader.read}, is cut off")


def _take_frame(envelope: Any, number: int, found: _Found) -> None:
    found.messages += 1
    payload_type = envelope.payloadType
    if payload_type in ERRORS:
        error = ERRORS[payload_type].FromString(envelope.payload)
        raise _RefusedError(_refusal(number, error.errorCode, error.description))
    kind = KINDS.get(payload_type)
    if kind is None:
        if payload_type != HEARTBEAT:
            found.ignored.add(payload_name(payload_type))
        return
    try:
        message = kind.decoder.FromString(envelope.payload)
    except DecodeError as error:
        raise _RefusedError(f"message {number} is no {kind.name}") from error
    collect(kind, message, found.rows, number)
    found.unknown |= {f"{kind.name} field {n}" for n in unknown_fields(message)}
    if payload_type == DEAL_LIST and message.hasMore:
        found.cut.append(number)
    if payload_type == RECONCILE:
        found.reconciled.add(message.ctidTraderAccountId)


def _read_json(file: DroppedFile, found: _Found) -> None:
    try:
        text = file.path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonMessageError(f"byte {error.start} is not UTF-8") from error
    for message in read_messages(text):
        found.messages += 1
        payload = message.payload
        if message.payload_type in ERRORS:
            code, text_of = payload.get("errorCode"), payload.get("description")
            raise _RefusedError(_refusal(message.place, str(code), str(text_of or "")))
        kind = KINDS.get(message.payload_type)
        if kind is None:
            if message.payload_type != HEARTBEAT:
                found.ignored.add(payload_name(message.payload_type))
            continue
        unknown: set[str] = set()
        collect_json(kind, message, found.rows, unknown)
        found.unknown |= {f"{kind.name} {name}" for name in unknown}
        if message.payload_type == DEAL_LIST and payload.get("hasMore") in (True, "true"):
            found.cut.append(message.place)
        if message.payload_type == RECONCILE:
            account = str(payload.get(ACCOUNT_FIELD, ""))
            if account.isascii() and account.isdigit():
                found.reconciled.add(int(account))


def _refusal(place: int, code: str, description: str) -> str:
    detail = f" ({description})" if description else ""
    return f"message {place} is an error of the API, {code}{detail}: the export is not complete"


def _warnings(file: DroppedFile, found: _Found) -> Iterator[Problem]:
    if found.ignored:
        yield Problem(
            "",
            "warning",
            f"{file.name} holds messages that are not loaded: {', '.join(sorted(found.ignored))}.",
            "nothing, if they are expected there; the connector's README lists what is read",
        )
    if found.unknown:
        yield Problem(
            "",
            "warning",
            f"{file.name} has fields that are not loaded: {', '.join(sorted(found.unknown))}.",
            "nothing, unless one of them is wanted: then add it to open_api.proto and the contract",
        )
    if found.cut:
        places = ", ".join(map(str, found.cut[:10]))
        yield Problem(
            "ctrader_deals",
            "warning",
            f"{file.name}: deal lists at {places} were cut by the server (hasMore is true).",
            "export the rest of their time range too; what is here was loaded",
        )
