"""Every benchmark by name, in the order `all` runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import build, day, latency, load, partners, poll, simulate, statements
from benchmarks.measurement import Measurement
from benchmarks.workspace import Workspace


@dataclass(frozen=True)
class Benchmark:
    """A benchmark: what it measures and the function that does.

    ``run`` takes the workspace and a number of deals, None for the benchmark's own.
    """

    what: str
    deals: int
    run: Callable[[Workspace, int | None], list[Measurement]]


BENCHMARKS = {
    "simulate": Benchmark("deals a second of the simulator", simulate.DEALS, simulate.run),
    "load": Benchmark(
        "rows a second of a first load, against only reading them", load.DEALS, load.run
    ),
    "poll": Benchmark("milliseconds of a poll that finds nothing", poll.DEALS, poll.run),
    "latency": Benchmark(
        "seconds from a deal in the source to a reader, quiet and during a close",
        latency.DEALS,
        latency.run,
    ),
    "build": Benchmark(
        "a full build, against the same SQL by hand in one DuckDB process", build.DEALS, build.run
    ),
    "day": Benchmark("one new day after two years and after two months", day.DEALS, day.run),
    "statements": Benchmark("client statements a second", statements.DEALS, statements.run),
    "partners": Benchmark(
        "the commission ledger of a five-level tree, first build and one more day",
        partners.DEALS,
        partners.run,
    ),
}
