"""Messages rendered as JSON: the API's own JSON form, or what protobuf's JSON printer writes.

A message is an object with ``payloadType`` (number or name) and ``payload``. A file holds one, an
array of them, or one a line. Values are kept as the texts they were written as, so that a wrong one
is quarantined with its row and column instead of making the whole file unreadable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.messages import ACCOUNT_FIELD, Carried, MessageKind, Rows

_PAYLOADS: Any = api.ProtoOAPayloadType


class JsonMessageError(Exception):
    """The text is no sequence of messages; the message says why and where."""


@dataclass(frozen=True)
class JsonMessage:
    """One message: its payload type, its fields, the line or position it stands at."""

    payload_type: int
    payload: dict[str, Any]
    place: int


def read_messages(text: str) -> Iterator[JsonMessage]:
    """The messages of a file.

    Raises:
        JsonMessageError: it is no JSON, or an entry is no message.
    """
    for place, entry in _entries(text):
        if not isinstance(entry, dict) or "payloadType" not in entry:
            raise JsonMessageError(f"entry {place} is no message: it has no payloadType")
        payload = entry.get("payload", {})
        if not isinstance(payload, dict):
            raise JsonMessageError(f"the payload of entry {place} is no object")
        yield JsonMessage(_payload_type(entry["payloadType"], place), payload, place)


def collect_json(
    kind: MessageKind, message: JsonMessage, rows: dict[str, Rows], unknown: set[str]
) -> None:
    """Add the rows a message carries to ``rows``, by table, as texts.

    Args:
        unknown: receives the names of fields that open_api.proto lacks.

    Raises:
        JsonMessageError: a list is no list.
    """
    fields = kind.decoder.DESCRIPTOR.fields_by_name
    unknown.update(name for name in message.payload if name not in fields)
    for carried in kind.carries:
        kept = rows.setdefault(carried.contract.table, Rows(carried.contract, texts=True))
        for item in _items(message, carried, fields[carried.held_in].is_repeated):
            values: dict[str, Any] = {
                ACCOUNT_FIELD: _text(message.payload.get(ACCOUNT_FIELD)),
                **{name: _text(value) for name, value in carried.constants.items()},
            }
            for name, value in _fields(item, fields[carried.held_in].message_type, unknown):
                values[carried.renamed.get(name, name)] = value
            kept.add(values, message.place)


def _entries(text: str) -> Iterator[tuple[int, Any]]:
    """(line or position, entry); numbers with a decimal point stay the texts they are."""
    if not text.strip():
        return
    try:
        whole = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise JsonMessageError(f"line {error.lineno} is no JSON: {error.msg}") from error
        whole = None
    if isinstance(whole, list):
        yield from enumerate(whole, start=1)
        return
    if whole is not None:
        yield 1, whole
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line, parse_float=str)
            except json.JSONDecodeError as error:
                raise JsonMessageError(f"line {number} is no JSON: {error.msg}") from error


def _payload_type(stated: object, place: int) -> int:
    text = str(stated)
    if text.isascii() and text.isdigit():
        return int(text)
    value = _PAYLOADS.DESCRIPTOR.values_by_name.get(text)
    if value is None:
        raise JsonMessageError(f"entry {place} has an unknown payloadType: {text}")
    return int(value.number)


def _items(message: JsonMessage, carried: Carried, repeated: bool) -> list[dict[str, Any]]:
    held = message.payload.get(carried.held_in)
    items = [] if held is None else held if repeated else [held]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise JsonMessageError(
            f"{carried.held_in} of entry {message.place} is not what it should be"
        )
    return items


def _fields(
    item: dict[str, Any], descriptor: Any, unknown: set[str]
) -> Iterator[tuple[str, str | None]]:
    for name, value in item.items():
        known = descriptor.fields_by_name.get(name)
        if known is None:
            unknown.add(name)
        elif known.message_type is not None and isinstance(value, dict):
            for inner, text in _fields(value, known.message_type, unknown):
                yield f"{name}.{inner}", text
        elif not isinstance(value, list):
            yield name, _text(value, known.enum_type)


def _text(value: object, enumeration: Any = None) -> str | None:
    if value is None:
        return None
    if enumeration is not None and str(value) in enumeration.values_by_name:
        return str(enumeration.values_by_name[str(value)].number)
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
