"""FIX messages out of a log's lines, each with its length and check sum verified.

A log may put a time stamp or a direction before a message, and may show the separator SOH as it is,
as ``|``, as ``^A`` or in other words. BodyLength(9) counts the bytes from after its own field to
the separator before CheckSum(10); CheckSum is the sum of all bytes before its own field, modulo
256, in three digits (FIX 4.4, volume 2, standard header and trailer).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SOH = "\x01"
_START = re.compile(r"8=FIX(?:T\.1\.1|\.[45]\.\d(?:SP\d)?)(\x01|\||\^A|<SOH>|\\x01|\\u0001)")
_FIELD = re.compile(r"^\d+=")


@dataclass(frozen=True)
class FixMessage:
    """One message.

    Attributes:
        line: in the file, counted from 1.
        fields: tag -> value; of a tag that repeats, the first.
        defect: what is wrong with it; empty when length and check sum are right.
    """

    line: int
    fields: dict[str, str]
    defect: str = ""

    def get(self, tag: int) -> str:
        """A field's value; empty without one."""
        return self.fields.get(str(tag), "")

    @property
    def sequence(self) -> int | None:
        """MsgSeqNum(34)."""
        text = self.get(34)
        return int(text) if text.isdigit() else None


@dataclass(frozen=True)
class BrokenOff:
    """A message without its end: the file is cut there, or still being written."""

    line: int


def messages(text: str) -> Iterator[FixMessage | BrokenOff]:
    """Every message of a log, read as latin-1 so that a character is a byte."""
    for number, line in enumerate(text.split("\n"), start=1):
        starts = list(_START.finditer(line))
        for place, start in enumerate(starts):
            end = starts[place + 1].start() if place + 1 < len(starts) else len(line)
            yield _message(number, line[start.start() : end].rstrip("\r "), start.group(1))


def _message(number: int, text: str, separator: str) -> FixMessage | BrokenOff:
    fields: list[str] = []
    for part in text.split(separator):
        if _FIELD.match(part) or not fields:
            fields.append(part)
        elif part:
            # The separator's character inside a text.
            fields[-1] += separator + part
        if part.startswith("10="):
            break
    if not re.fullmatch(r"10=\d{3}", fields[-1]):
        return BrokenOff(number)
    by_tag: dict[str, str] = {}
    for field in fields:
        tag, _, value = field.partition("=")
        by_tag.setdefault(tag, _decoded(value))
    return FixMessage(number, by_tag, _defect(fields))


def _defect(fields: list[str]) -> str:
    if not fields[1].startswith("9=") or not fields[1][2:].isdigit():
        return "BodyLength(9) is not the second field"
    before = SOH.join(fields[:-1]) + SOH
    stated = int(fields[1][2:])
    length = len(before) - len(fields[0]) - len(fields[1]) - 2
    if length != stated:
        return f"BodyLength(9) is {stated}, the message has {length} bytes"
    total = sum(before.encode("latin-1")) % 256
    if total != int(fields[-1][3:]):
        return f"CheckSum(10) is {fields[-1][3:]}, the bytes come to {total:03d}"
    return ""


def _decoded(value: str) -> str:
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value
