"""FIX messages for tests, with the length and check sum they need."""

from __future__ import annotations

from collections.abc import Mapping

SOH = "\x01"


def message(fields: Mapping[int, object], begin: str = "FIX.4.4", separator: str = SOH) -> str:
    """A message of these fields, in this order, between its head and its trailer."""
    body = "".join(f"{tag}={value}{SOH}" for tag, value in fields.items())
    before = f"8={begin}{SOH}9={len(body.encode())}{SOH}{body}"
    total = sum(before.encode()) % 256
    return f"{before}10={total:03d}{SOH}".replace(SOH, separator)


def fill(number: int, **changes: object) -> dict[int, object]:
    """The fields of an execution report: a fill of ten thousand euros against dollars.

    ``changes`` are named by tag: ``t32=5000``; None leaves a field out.
    """
    fields: dict[int, object] = {
        35: "8", 49: "LPBETA", 56: "HARBOUR", 34: number,
        52: f"20260302-10:{number % 60:02d}:00.500", 1: "HL-2", 37: f"O{number}", 11: f"C{number}",
        17: f"E{number}", 150: "F", 39: "2", 55: "EUR/USD", 54: "1", 32: 10000, 31: "1.10215",
        15: "EUR", 12: "0.35", 13: "3", 479: "USD", 60: f"20260302-10:{number % 60:02d}:00.123",
        64: "20260304", 880: f"T{number}",
    }  # fmt: skip
    for name, value in changes.items():
        fields[int(name[1:])] = value
    return {tag: value for tag, value in fields.items() if value is not None}


def other(number: int, kind: str, **changes: object) -> dict[int, object]:
    """The fields of a message that is no execution report."""
    head: dict[int, object] = {
        35: kind, 49: "LPBETA", 56: "HARBOUR", 34: number, 52: "20260302-10:00:00.000",
    }  # fmt: skip
    return head | {int(name[1:]): value for name, value in changes.items()}
