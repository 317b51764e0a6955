"""JSON files as providers hand them over: one document, or one document a line.

Fractions are kept as the text they were written with: money never passes through a float.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any


class UnreadableJsonError(ValueError):
    """The file holds no JSON; the message says where it stops being JSON."""


def read_json(path: Path) -> list[tuple[int, Any]]:
    """The documents of a file, each with its line (1 for a file that is one document).

    Raises:
        UnreadableJsonError: it is not UTF-8, empty, cut off, or no JSON.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableJsonError(f"line {line} is not UTF-8") from error
    if not text.strip():
        raise UnreadableJsonError("it is empty")
    try:
        return [(1, _parsed(text))]
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise UnreadableJsonError(str(error)) from error
    documents = []
    for number, one in enumerate(text.splitlines(), start=1):
        if one.strip():
            try:
                documents.append((number, _parsed(one)))
            except json.JSONDecodeError as error:
                raise UnreadableJsonError(
                    f"line {number} is no JSON ({error.msg} at column {error.colno})"
                ) from error
    return documents


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=str)


def text_of(value: object) -> str | None:
    """A JSON scalar as text: true and false in lower case, nothing for null and empty texts."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return text or None


def utc_text(stated: str | None) -> str | None:
    """The UTC instant of an ISO time with its offset, as a text of the lake.

    What cannot be read comes back as it is, and a time without an offset, which is no instant, with
    that said: the contract's check refuses both by their text.
    """
    if stated is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(stated)
    except ValueError:
        return stated
    if moment.tzinfo is None:
        return f"without offset: {stated}"
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")


def object_of(value: object) -> dict[str, Any]:
    """A JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}
