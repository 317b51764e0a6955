"""Simulated brokers to look at: one as it was, one whose past was corrected."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator import SimulationSummary, simulate

SEED, DAYS, ACCOUNTS = 5, 40, 24


def table(folder: Path, name: str) -> pl.DataFrame:
    """A platform table of a simulated broker's first tenant."""
    return pl.read_database_uri(
        f'SELECT * FROM "{name}"', f"sqlite://{folder / 'mt5_live.sqlite'}", engine="connectorx"
    )


def truth(folder: Path, name: str) -> pl.DataFrame:
    """A truth file of a simulated broker, as far as it speaks of the first tenant."""
    frame = pl.read_parquet(folder / "truth" / f"{name}.parquet")
    if "server_id" in frame.columns:
        return frame.filter(pl.col("server_id") == "mt5_live")
    return frame.filter(pl.col("tenant_id") == "demo")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A broker as first simulated. Read only."""
    folder = tmp_path_factory.mktemp("simulated") / "base"
    simulate(SEED, DAYS, ACCOUNTS, folder)
    return folder


@pytest.fixture(scope="session")
def correction(
    base: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, SimulationSummary]:
    """The same broker after its past was corrected, and what the simulator says it did."""
    folder = tmp_path_factory.mktemp("corrected") / "broker"
    shutil.copytree(base, folder)
    return folder, simulate(SEED, DAYS, ACCOUNTS, folder, corrections=True)
