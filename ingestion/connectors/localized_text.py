"""Numbers, dates and zone names as people's locales write them, read column by column.

A value that is not what it should be is not made NULL, which would look like "the source says
nothing": it is handed on with a mark in front, so that the contract's check refuses its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from zoneinfo import available_timezones

import polars as pl

DateOrder = Literal["dmy", "mdy", "ymd"]

# In front of a value that could not be read: no contract type but VARCHAR takes such a text.
UNREADABLE = "unreadable: "

# What separates thousands besides the mark itself: French and Swiss files use these.
_SPACES = "\u00a0\u202f\u2009 '\u2019"
_DATE_PARTS = r"^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\.?$"

# Abbreviations that stand for one offset all year. CET, EET, WET, MET are not among them: the IANA
# data base has them as zones with summer time, and that is how providers use them. What means
# different things in different countries (CST, IST, AST) has to be configured.
_FIXED_ZONES = {
    "PST": "Etc/GMT+8",
    "PDT": "Etc/GMT+7",
    "MST": "Etc/GMT+7",
    "MDT": "Etc/GMT+6",
    "CDT": "Etc/GMT+5",
    "EST": "Etc/GMT+5",
    "EDT": "Etc/GMT+4",
    "CEST": "Etc/GMT-2",
    "EEST": "Etc/GMT-3",
    "WEST": "Etc/GMT-1",
    "AEST": "Etc/GMT-10",
    "AEDT": "Etc/GMT-11",
    "NZST": "Etc/GMT-12",
    "NZDT": "Etc/GMT-13",
    "JST": "Etc/GMT-9",
    "SGT": "Etc/GMT-8",
    "HKT": "Etc/GMT-8",
    "MSK": "Etc/GMT-3",
    "GMT": "Etc/UTC",
    "UTC": "Etc/UTC",
    "Z": "Etc/UTC",
}
# IANA's old names of zones with summer time, which not every time zone data base still carries.
_NAMED_ZONES = {
    "CET": "Europe/Brussels",
    "MET": "Europe/Brussels",
    "EET": "Europe/Athens",
    "WET": "Europe/Lisbon",
}


def decimal_text(texts: pl.Expr, decimal: str = ",", thousands: str = ".") -> pl.Expr:
    """Localized numbers as plain decimal text: ``-1.058,09`` -> ``-1058.09``.

    Groups must be of three digits, or the text is no number of this locale: ``1.23`` in a file with
    decimal commas is refused, not read as 123. A minus may lead, trail (``12,00-``), be U+2212 or
    stand as brackets. Blank is NULL.

    Args:
        texts: the column.
        decimal: the decimal mark.
        thousands: what may separate groups, any of these characters; spaces (no-break ones too) and
            apostrophes always may.

    Returns:
        Decimal text, NULL, or the text marked as ``UNREADABLE``.
    """
    groups = "".join(f"\\{mark}" for mark in thousands if mark != decimal) + _SPACES
    mark = f"\\{decimal}"
    text = texts.str.strip_chars().str.replace_all("\u2212", "-", literal=True)
    number = rf"(?:\d{{1,3}}(?:[{groups}]\d{{3}})+|\d+)?(?:{mark}\d*)?"
    matches = text.str.contains(
        rf"^(?:[+-]?\s?{number}|{number}\s?-|\({number}\))$"
    ) & text.str.contains(r"\d")
    negative = text.str.contains(r"-|\(")
    plain = (
        text.str.replace_all(rf"[^0-9{mark}]", "")
        .str.replace_all(decimal, ".", literal=True)
        .str.replace(r"^\.", "0.")
        .str.replace(r"\.$", "")
    )
    return (
        pl.when(text == "")
        .then(None)
        .when(matches)
        .then(pl.when(negative).then(pl.lit("-") + plain).otherwise(plain))
        .otherwise(pl.lit(UNREADABLE) + text)
    )


def decimal_mark(texts: pl.Series) -> Literal[".", ",", "", "mixed"]:
    """Which decimal mark the numbers of a column prove; ``""`` where none of them does.

    Both marks in one number: the last is the decimal one. One mark, once, not before exactly three
    digits: it is the decimal one. ``1,234`` proves nothing.
    """
    text = texts.drop_nulls().str.replace_all(rf"[{_SPACES}()+\-\x{{2212}}]", "").str.strip_chars()

    def proves(mark: str, other: str) -> bool:
        last = rf"\{other}.*\{mark}\d*$"
        alone = rf"^[^\{other}\{mark}]*\{mark}(\d{{0,2}}|\d{{4,}})$"
        return bool((text.str.contains(last) | text.str.contains(alone)).any())

    comma, point = proves(",", "."), proves(".", ",")
    if comma and point:
        return "mixed"
    return "," if comma else "." if point else ""


def date_order(texts: pl.Series) -> DateOrder | Literal["", "mixed"]:
    """Which order of day and month the dates of a column prove; ``""`` where none of them does.

    A year in front: ``ymd``. Points between the parts: ``dmy``, no locale writes ``m.d.y``. A part
    above 12 is a day. Contradictions give ``mixed``.
    """
    dates = texts.drop_nulls().str.strip_chars()
    dates = dates.filter(dates != "").unique()
    parts = dates.str.extract_groups(_DATE_PARTS)
    first, second = (
        parts.struct.field(name).cast(pl.Int32, strict=False).fill_null(0) for name in ("1", "2")
    )
    found: set[DateOrder] = set()
    if bool((first > 31).any()):
        found.add("ymd")
    if bool((((first > 12) & (first <= 31)) | dates.str.contains(r"^\d{1,2}\.\d")).any()):
        found.add("dmy")
    if bool(((second > 12) & (first <= 12)).any()):
        found.add("mdy")
    if len(found) > 1:
        return "mixed"
    return found.pop() if found else ""


def date_text(texts: pl.Expr, order: DateOrder) -> pl.Expr:
    """Localized dates as ISO text: ``2/1/2020`` read day first -> ``2020-01-02``.

    Two-digit years are of this century. What is no date is marked as ``UNREADABLE``, blank is NULL.
    """
    text = texts.str.strip_chars()
    parts = text.str.extract_groups(_DATE_PARTS)
    places = {"dmy": ("3", "2", "1"), "mdy": ("3", "1", "2"), "ymd": ("1", "2", "3")}[order]
    year, month, day = (parts.struct.field(place) for place in places)
    full_year = pl.when(year.str.len_chars() == 2).then(pl.lit("20") + year).otherwise(year)
    iso = pl.concat_str(full_year, month.str.zfill(2), day.str.zfill(2), separator="-")
    return (
        pl.when(text == "")
        .then(None)
        .when(iso.str.to_date("%Y-%m-%d", strict=False).is_not_null())
        .then(iso)
        .when(text.is_not_null())
        .then(pl.lit(UNREADABLE) + text)
    )


def iana_zone(names: pl.Expr, configured: Mapping[str, str] | None = None) -> pl.Expr:
    """Zone names and abbreviations as IANA zones; NULL where a name is not known.

    ``PST`` and ``PDT`` are offsets, ``CET`` is the zone that has summer time, an IANA name is
    itself.

    Args:
        names: the column, as the source states it.
        configured: the source's own meaning of a name; wins over ours.
    """
    known = {zone: zone for zone in available_timezones() if "/" in zone}
    known |= _FIXED_ZONES | _NAMED_ZONES | dict(configured or {})
    return names.str.strip_chars().replace_strict(known, default=None, return_dtype=pl.String)
