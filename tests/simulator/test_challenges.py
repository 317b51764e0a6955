"""The simulated prop challenges: every rule has its case, and no trade was touched for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.challenge_days import Challenge, Plan, play
from ingestion.simulator.challenge_tracks import Track
from ingestion.simulator.challenges import challenge_cases
from ingestion.simulator.clock import epoch_day
from ingestion.simulator.corrections import correct_past
from ingestion.simulator.truth_challenges import challenge_payouts_truth, challenges_truth
from ingestion.simulator.world import build_world
from tests.simulator.conftest import ACCOUNTS, DAYS, SEED, truth

pytestmark = pytest.mark.unit

D = Decimal


def read(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / "crm" / f"{name}.csv", infer_schema=False)


def test_every_rule_has_its_case(base: Path) -> None:
    phases, days = truth(base, "challenges"), truth(base, "challenge_days")
    assert set(read(base, "challenge_phases")["daily_loss_basis"].drop_nulls()) == {
        "initial_balance", "day_start_balance", "day_start_equity", "day_start_higher",
    }  # fmt: skip
    assert set(read(base, "challenge_phases")["total_loss_basis"].drop_nulls()) == {
        "initial_balance", "highest_balance", "highest_balance_locked",
    }  # fmt: skip
    assert {"daily_loss", "total_loss"} <= set(phases["failed_by"])
    assert {"active", "passed", "failed"} <= set(phases["state"])
    assert truth(base, "challenge_payouts").filter(pl.col("trader") > 0).height > 0
    assert phases.height == read(base, "challenges").height
    assert days["challenge_phase_key"].n_unique() == phases.height


@pytest.mark.parametrize(("seed", "accounts"), [(1, 12), (3, 15), (11, 15), (20, 40)])
def test_other_brokers_have_the_cases_too(seed: int, accounts: int) -> None:
    world = build_world(seed, 35, accounts, None, None)
    days = world.account_days()
    phases = challenges_truth(world, days)
    assert {"daily_loss", "total_loss"} <= set(phases["failed_by"])
    assert "passed" in set(phases["state"])
    assert challenge_payouts_truth(world, days)["trader"].sum() > 0


def test_a_passed_phase_is_handed_over_on_the_next_day(base: Path) -> None:
    handed = read(base, "challenges").filter(pl.col("valid_to").is_not_null())
    [phase] = handed.iter_rows(named=True)
    [following] = (
        read(base, "challenges")
        .filter((pl.col("challenge_id") == phase["challenge_id"]) & (pl.col("phase") == "2"))
        .iter_rows(named=True)
    )
    assert following["login"] == phase["login"]
    assert following["valid_from"] == phase["valid_to"]


def test_a_corrected_past_leaves_the_crm_as_it_was() -> None:
    world = build_world(SEED, DAYS, ACCOUNTS, None, None)
    changed, _ = correct_past(world)
    assert challenge_cases(changed) == challenge_cases(world)


def walked(plan: Plan, *days: tuple[str, str | None, str]) -> list[tuple[str, str]]:
    """State and breach of each day: result, lowest running result, what floats at the close."""
    track = Track(
        tuple(D(result) for result, _, _ in days),
        tuple(None if low is None else D(low) for _, low, _ in days),
        (True,) * len(days),
        tuple(D(floating) for _, _, floating in days),
    )
    # from Monday on
    first = epoch_day(dt.date(2026, 3, 2))
    played = play(Challenge("C", 0, plan, D(1000), first), track, first, first + len(days) - 1)
    return [(day.state, day.failed_by) for day in played.days]


def test_the_walk_by_pencil() -> None:
    day = Plan("P", 1, "", D("0.1"), D("0.05"), "day_start_balance")
    # 950 is the floor: on it nothing is broken
    assert walked(day, ("0", "-50", "0")) == [("active", "")]
    assert walked(day, ("0", "-50.01", "0"), ("500", "0", "0")) == [("failed", "daily_loss")]
    # 5 % of 1,040 on the second day
    assert walked(day, ("40", "0", "0"), ("-52", "-52", "0")) == [("active", "")] * 2
    assert walked(day, ("99", "0", "0"), ("1", "0", "-1"), ("0", None, "0")) == [
        ("active", ""), ("active", ""), ("passed", ""),
    ]  # fmt: skip
