"""The rules of the percentage, read from their seed as they are in force on a day."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import duckdb

from exports.errors import ParameterError

_SEED = "reference.rul_losing_accounts"
_CLASSIFICATION_DATE = "window_end"


@dataclass(frozen=True)
class Parameters:
    """Rules in force at the end of a window."""

    window_months: int
    recompute_every_months: int
    counted_classification: str
    losing_below: Decimal
    """An account lost when its net result is under this amount, in reporting currency."""
    texts: Mapping[str, str]
    """All parameters as the seed states them."""

    def rule_set_hash(self, rule_ids: list[str]) -> str:
        """Hash of the parameters and of the ids of the rules that were checked."""
        content = json.dumps([dict(self.texts), rule_ids], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def read_parameters(con: duckdb.DuckDBPyConnection, day: dt.date) -> Parameters:
    """The parameters in force on a day.

    Raises:
        ParameterError: the seed is missing, lacks a parameter, or holds one that cannot be read.
    """
    try:
        rows = con.execute(
            f"""
            SELECT parameter, value FROM lake.{_SEED}
            WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)
            ORDER BY parameter, valid_from
            """,
            [day],
        ).fetchall()
    except duckdb.CatalogException as error:
        raise ParameterError(
            "The seed of the filing's parameters is not in the warehouse.",
            where=_SEED,
            todo="run `daybook build`",
        ) from error
    texts: dict[str, str] = dict(rows)
    if _text(texts, "classification_date", day) != _CLASSIFICATION_DATE:
        raise ParameterError(
            f"This specification reads the client class at {_CLASSIFICATION_DATE} only.",
            where=f"{_SEED}, classification_date on {day}",
            todo="correct the seed, or add a specification that reads it otherwise",
        )
    try:
        return Parameters(
            window_months=int(_text(texts, "window_months", day)),
            recompute_every_months=int(_text(texts, "recompute_every_months", day)),
            counted_classification=_text(texts, "counted_classification", day),
            losing_below=Decimal(_text(texts, "losing_below_amount", day)),
            texts=texts,
        )
    except (ValueError, InvalidOperation) as error:
        raise ParameterError(
            f"A parameter of the filing cannot be read: {error}.",
            where=f"{_SEED} on {day}",
            todo="correct its value in the seed",
        ) from error


def _text(texts: Mapping[str, str], name: str, day: dt.date) -> str:
    if name not in texts:
        raise ParameterError(
            f"The parameter {name} has no value in force on {day}.",
            where=_SEED,
            todo="add a row to the seed, with its source",
        )
    return texts[name]


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day that many months earlier (later if negative); a month's last day stays one."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    last = _last_day(year, month + 1)
    if day == _last_day(day.year, day.month):
        return last
    return min(day.replace(year=year, month=month + 1, day=1) + dt.timedelta(day.day - 1), last)


def _last_day(year: int, month: int) -> dt.date:
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return following - dt.timedelta(days=1)


def window(con: duckdb.DuckDBPyConnection, window_to: dt.date) -> tuple[dt.date, dt.date]:
    """The window that ends on a day: the whole months before and including it."""
    months = read_parameters(con, window_to).window_months
    return months_before(window_to, months) + dt.timedelta(days=1), window_to


def next_window_to(con: duckdb.DuckDBPyConnection, window_to: dt.date) -> dt.date:
    """Last day of the next window: the percentage is computed again every few months."""
    return months_before(window_to, -read_parameters(con, window_to).recompute_every_months)
