"""Dates of birth as lists state them: a day, a month, a year, a range, about."""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from dataclasses import dataclass

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_OFAC = re.compile(r"^(?:(\d{1,2}) )?(?:([A-Za-z]{3})[a-z]* )?(\d{4})$")
_BRITISH = re.compile(r"^(\w{1,2})/(\w{1,2})/(\d{4})$")


@dataclass(frozen=True)
class BirthDate:
    """A date of birth: the days it can be, both included; None where it cannot be read."""

    text: str
    earliest: dt.date | None
    latest: dt.date | None
    is_approximate: bool = False

    def row(self) -> dict[str, object]:
        """Its columns."""
        return {
            "birth_text": self.text,
            "from_date": self.earliest,
            "to_date": self.latest,
            "is_approximate": str(self.is_approximate).lower(),
        }


def span(
    year: int, month: int | None = None, day: int | None = None
) -> tuple[dt.date, dt.date] | None:
    """First and last day of a day, month or year; None for a date that is none."""
    try:
        if month and day:
            return dt.date(year, month, day), dt.date(year, month, day)
        first = dt.date(year, month or 1, 1)
        return first, dt.date(year, month or 12, monthrange(year, month or 12)[1])
    except ValueError:
        return None


def american(text: str) -> BirthDate:
    """``14 Jun 1975``, ``Jun 1975``, ``1975``, ``circa 1950``, ``1975 to 1977``."""
    stated = text.strip()
    approximate = stated.lower().startswith("circa")
    plain = re.sub(r"(?i)^circa\s+", "", stated)
    spans = [_american_span(part) for part in re.split(r"\s+to\s+", plain)]
    first, last = spans[0], spans[-1]
    if first is None or last is None:
        return BirthDate(stated, None, None, approximate)
    return BirthDate(stated, first[0], last[1], approximate)


def british(text: str) -> BirthDate:
    """``15/03/1978``; a day or month that is not known is ``00`` or ``dd``, ``mm``."""
    stated = text.strip()
    match = _BRITISH.match(stated)
    if match is None:
        year = re.fullmatch(r"\d{4}", stated)
        found = span(int(stated)) if year else None
    else:
        day, month, year_text = match.groups()
        numbers = [int(part) if part.isdigit() else 0 for part in (day, month)]
        found = span(int(year_text), numbers[1] or None, numbers[0] if numbers[1] else None)
    return BirthDate(stated, *(found or (None, None)))


def _american_span(text: str) -> tuple[dt.date, dt.date] | None:
    match = _OFAC.match(text.strip())
    if match is None:
        return None
    day, month, year = match.groups()
    number = _MONTHS.get(month.lower()) if month else None
    if month and number is None:
        return None
    return span(int(year), number, int(day) if day else None)
