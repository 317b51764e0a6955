"""Runs as a whole: the same arguments give the same bytes; a million deals come quickly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ingestion.simulator import simulate
from ingestion.simulator.tables import TABLES
from ingestion.simulator.world import build_world
from tests.simulator.conftest import ACCOUNTS, DAYS, SEED, table


def test_same_arguments_same_bytes_and_rows(base: Path, tmp_path: Path) -> None:
    simulate(SEED, DAYS, ACCOUNTS, tmp_path)
    for folder in ("truth", "crm", "stripe", "broker"):
        names = sorted(path.name for path in (base / folder).iterdir())
        assert names == sorted(path.name for path in (tmp_path / folder).iterdir())
        for name in names:
            assert (base / folder / name).read_bytes() == (tmp_path / folder / name).read_bytes()
    for spec in TABLES:
        assert table(base, spec.name).equals(table(tmp_path, spec.name)), spec.name


def test_another_seed_is_another_broker(base: Path, tmp_path: Path) -> None:
    simulate(SEED + 1, DAYS, ACCOUNTS, tmp_path)
    assert not table(base, "mt5_deals").equals(table(tmp_path, "mt5_deals"))


def test_deals_by_year_are_the_same_deals(tmp_path: Path) -> None:
    simulate(SEED, 400, 12, tmp_path / "one", deals_per_day=1.0, truth=False)
    simulate(SEED, 400, 12, tmp_path / "two", deals_per_day=1.0, truth=False, deals_by_year=True)
    whole = table(tmp_path / "one", "mt5_deals")
    parts = [table(tmp_path / "two", f"mt5_deals_{year}") for year in (2025, 2026)]
    assert sum(len(part) for part in parts) == len(whole)
    assert set(parts[0]["Deal"]) | set(parts[1]["Deal"]) == set(whole["Deal"])
    assert set(parts[0]["Time"].dt.year()) == {2025}


@pytest.mark.slow
def test_a_million_deals_in_under_ten_seconds_of_processor_time() -> None:
    started = time.process_time()
    world = build_world(3, 730, 200, None, 1_000_000)
    seconds = time.process_time() - started
    assert 985_000 < len(world.deals) < 1_015_000
    assert seconds < 10.0
