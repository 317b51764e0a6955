"""The broker's other systems: what each writes in its own format, and the truth beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ingestion.simulator.liquidity_files import write_liquidity
from ingestion.simulator.liquidity_mappings import CONFIGURATION as LIQUIDITY
from ingestion.simulator.psp import write_stripe
from ingestion.simulator.truth_liquidity import liquidity_truth
from ingestion.simulator.world import World


def _no_truth(world: World) -> dict[str, pl.DataFrame]:
    return {}


@dataclass(frozen=True)
class System:
    """One system beside the trading server.

    Attributes:
        write: writes the system's own files or databases under the simulation's folder, in a
            folder of its own; gives rows per file or table.
        configuration: the ``[[sources]]`` blocks that read them; paths count from that folder.
        truth: what its figures must come to, by file name without suffix under ``truth/``.
    """

    write: Callable[[World, Path], dict[str, int]]
    configuration: str
    truth: Callable[[World], dict[str, pl.DataFrame]] = _no_truth


SYSTEMS: tuple[System, ...] = (
    System(
        lambda world, out: write_stripe(world, out / "stripe"),
        '[[sources]]\nname = "stripe"\nkind = "stripe"\npath = "stripe"\n',
    ),
    System(lambda world, out: write_liquidity(world, out / "lp"), LIQUIDITY, liquidity_truth),
)
