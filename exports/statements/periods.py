"""The days a statement speaks of: a day, a month, a year, or any range."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from exports.publication import month_of
from warehouse.errors import SnapshotError

PeriodKind = Literal["daily", "monthly", "annual", "range"]

_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:/|\.\.)(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Period:
    """Business days, both ends included."""

    kind: PeriodKind
    first: dt.date
    last: dt.date

    @property
    def text(self) -> str:
        """As the register writes it: YYYY, YYYY-MM, YYYY-MM-DD, or two days with a stroke."""
        if self.kind == "annual":
            return f"{self.first.year:04d}"
        if self.kind == "monthly":
            return f"{self.first:%Y-%m}"
        if self.kind == "daily":
            return self.first.isoformat()
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


def parse_period(text: str) -> Period:
    """The period of YYYY, YYYY-MM, YYYY-MM-DD, or two days joined by `..` or `/`.

    Raises:
        SnapshotError: the text names none of these, or the range ends before it begins.
    """
    try:
        if re.fullmatch(r"\d{4}", text):
            return Period("annual", dt.date(int(text), 1, 1), dt.date(int(text), 12, 31))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = dt.date.fromisoformat(text)
            return Period("daily", day, day)
        if found := _RANGE.fullmatch(text):
            first, last = (dt.date.fromisoformat(day) for day in found.groups())
            if last < first:
                raise SnapshotError(
                    f"The period {text} ends before it begins.", todo="give the earlier day first"
                )
            return Period("range", first, last)
    except ValueError as error:
        raise SnapshotError(
            f"{text!r} is not a period: {error}.", todo="give days that the calendar has"
        ) from None
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return Period("monthly", *month_of(text))
    raise SnapshotError(
        f"{text!r} is not a period.",
        todo="give a year (2026), a month (2026-10), a day (2026-10-30), "
        "or two days (2026-10-01..2026-10-15)",
    )
