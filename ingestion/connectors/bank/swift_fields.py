"""The fields of a SWIFT text file (MT940, MT942), each with its line.

Banks wrap lines where they please: a field goes on until a line that starts another one. mt-940's
own splitting gives no lines, merges entries without a type code, and takes a lone ``-`` inside a
text for the end of the message; so the splitting is done here and its fields are read there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"^:(13D|20|21|25P?|28C?|34F|60[FM]|61|62[FM]|64|65|86|90[CD]|NS):")
_ENVELOPE = re.compile(r"^(\{\d:|-\})")
# What ends a message: a lone dash, with the trailer some banks add.
_END = re.compile(r"^-(XXX)?$")


@dataclass(frozen=True)
class SwiftField:
    """One field: its tag, its text without trailing spaces, its first line (from 1)."""

    tag: str
    value: str
    line: int


def is_swift_text(text: str) -> bool:
    """Whether a text has fields of a statement at all."""
    return any(_TAG.match(line) for line in text.splitlines())


def split_statements(text: str) -> list[list[SwiftField]]:
    """The fields of each statement (from :20: to the next); a first part without :20: comes too."""
    statements: list[list[SwiftField]] = []
    for swift_field in _fields(text):
        if swift_field.tag == "20" or not statements:
            statements.append([])
        statements[-1].append(swift_field)
    return statements


def _fields(text: str) -> list[SwiftField]:
    lines = [line.strip("\x01\x02\x03\r\x1a").rstrip() for line in text.split("\n")]
    upcoming = _next_tags(lines)
    found: list[SwiftField] = []
    open_line = 0
    parts: list[str] = []
    tag = ""

    def close() -> None:
        if tag:
            found.append(SwiftField(tag, "\n".join(parts).strip("\n"), open_line))

    for number, line in enumerate(lines, start=1):
        match = _TAG.match(line)
        ends = _END.match(line) and upcoming[number - 1] in ("20", "")
        if match or ends or _ENVELOPE.match(line):
            close()
            tag, parts, open_line = "", [], number
        if match:
            tag, parts = match[1], [line[match.end() :]]
        elif tag:
            parts.append(line)
        elif "{4:" in line:
            continue
    close()
    return found


def _next_tags(lines: list[str]) -> list[str]:
    """For each line the tag of the next field after it; empty at the end."""
    tags = [""] * len(lines)
    upcoming = ""
    for position in range(len(lines) - 1, -1, -1):
        tags[position] = upcoming
        match = _TAG.match(lines[position])
        if match:
            upcoming = match[1]
    return tags
