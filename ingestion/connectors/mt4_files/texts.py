"""What the bytes of a MetaTrader 4 file say: characters, numbers and times.

Terminals and managers write in the character set of the machine they run on and seldom say which.
Figures, times and names of columns are ASCII in all of them; comments and names are not.
"""

from __future__ import annotations

import codecs
import re
from decimal import Decimal, InvalidOperation

_DECLARED = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a declared name is a part of: GB18030 reads every GBK and GB2312 file.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "utf-8"}
_SEPARATORS = re.compile(r"[\s\u00a0\u2009\u202f']")
_TIME = re.compile(r"^(\d{4})\.(\d{2})\.(\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?$")


def decode(content: bytes, encoding: str | None = None) -> tuple[str, str | None]:
    """The text of a file, and the character set that had to be assumed; None when it was known.

    In this order: the source's own option, a byte order mark, what the file declares, UTF-8. Only
    then GB18030 is assumed, and last the Western set that reads everything.

    Raises:
        UnicodeDecodeError: the file is not in the encoding that the option names.
        LookupError: the option names no encoding.
    """
    if encoding:
        return content.decode(encoding), None
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name), None
    declared = _declared(content)
    for candidate in ("utf-8",) if declared is None else (declared, "utf-8"):
        try:
            return content.decode(candidate), None
        except UnicodeDecodeError:
            continue
    try:
        return content.decode("gb18030"), "GB18030"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "Windows-1252"


def _declared(content: bytes) -> str | None:
    found = _DECLARED.search(content[:4096])
    if found is None:
        return None
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return None
    return _WIDER.get(name, name)


def assumed_encoding(file: str, name: str) -> tuple[str, str]:
    """The words of a warning about an assumed character set: what, and what to do."""
    return (
        f"{file} does not say its character set and is no UTF-8: it was read as {name}.",
        "comments and names may be unreadable, figures are not concerned; set options.encoding "
        "of the source to what the broker's machines use (gb18030, windows-1251, ...)",
    )


def plain_number(text: str | None) -> str | None:
    """A printed number without its thousands separators; NULL for nothing.

    Whatever is no number stays as it is, so that the contract names it.
    """
    if text is None:
        return None
    return _SEPARATORS.sub("", text).replace("\u2212", "-") or None


def amount(text: str | None) -> Decimal | None:
    """A printed amount, 0 for nothing; None where it is no number."""
    plain = plain_number(text)
    if plain is None:
        return Decimal(0)
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def plain_time(text: str | None) -> str | None:
    """``2026.10.04 00:05:21`` as ISO writes it; anything else as it is."""
    if text is None or not text.strip():
        return None
    found = _TIME.match(text.strip())
    if found is None:
        return text.strip()
    year, month, day, clock = found.groups()
    return f"{year}-{month}-{day} {clock or '00:00'}"
