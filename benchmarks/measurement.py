"""One measured figure, and how it is taken: several runs, their median."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

RUNS = 3

Result = TypeVar("Result")


@dataclass(frozen=True)
class Measurement:
    """One figure.

    Attributes:
        value: median of the runs, or a ratio of two medians of the same session.
        unit: of the value, e.g. ``s``, ``rows/s``, ``ratio``.
        runs: how many runs the value rests on.
        note: what exactly was measured, on how much data.
    """

    name: str
    value: float
    unit: str
    runs: int
    note: str


class BenchmarkError(Exception):
    """What was compared does not come to the same result, or cannot run here."""


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds on the wall clock, and what the work gave."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    """Smallest and largest, for a note."""
    return f"{min(values):.2f} to {max(values):.2f}"


def told(text: str) -> None:
    """Progress, on standard error: standard output is for figures."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
