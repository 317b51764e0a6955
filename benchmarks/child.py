"""Work done in a process of its own, so that its processor time and memory are its alone."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes:
        rows: how many rows it handled.
        wall_seconds: on the clock.
        cpu_seconds: of all its threads.
        peak_mib: the most memory its process ever held, Python and libraries included.
    """

    rows: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


Prepared = TypeVar("Prepared")


def cost_of(
    prepare: Callable[..., Prepared], work: Callable[[Prepared], int], *arguments: object
) -> Cost:
    """The cost of a module's function in a new process.

    Args:
        prepare: imports and makes what the work needs; not counted, but for its memory.
        work: takes what ``prepare`` gave; gives how many rows it handled.
        arguments: of ``prepare``.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, prepare, work, arguments).result()


def _measured(
    prepare: Callable[..., Prepared],
    work: Callable[[Prepared], int],
    arguments: tuple[object, ...],
) -> Cost:
    prepared = prepare(*arguments)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    rows = work(prepared)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(rows, wall, cpu, after.ru_maxrss / 1024)
