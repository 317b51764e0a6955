"""Fields of JSON rows by path, as texts that the contract checks read."""

from __future__ import annotations

import json
from typing import Any


def field_at(row: Any, path: str) -> Any:
    """A field, or one inside objects: ``profile.address.country``."""
    if isinstance(row, dict) and path in row:
        return row[path]
    for part in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row


def has_field(row: Any, path: str) -> bool:
    """Whether the field is there at all, be it null."""
    if isinstance(row, dict) and path in row:
        return True
    *way, last = path.split(".")
    for part in way:
        row = row.get(part) if isinstance(row, dict) else None
    return isinstance(row, dict) and last in row


def field_text(value: Any) -> str | None:
    """A value as text: numbers as they were written, objects as JSON; None for nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
