"""Corrections touch the rows they name, and nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator import SimulationError, SimulationSummary, simulate
from ingestion.simulator.tables import TABLES
from tests.simulator.conftest import ACCOUNTS, DAYS, SEED, table, truth

Corrected = tuple[Path, SimulationSummary]


def test_one_deal_edited_one_deleted_one_added(base: Path, correction: Corrected) -> None:
    before, after = table(base, "mt5_deals"), table(correction[0], "mt5_deals")
    gone = before.join(after, on="Deal", how="anti")
    new = after.join(before, on="Deal", how="anti")
    both = before.join(after, on="Deal", suffix="_after")
    edited = both.filter(pl.col("Timestamp") != pl.col("Timestamp_after"))
    assert gone["Action"].to_list() == [4]
    assert new["Action"].to_list() == [5]
    assert edited["ModifyFlags_after"].to_list() == [2]
    assert edited["Profit"].item() != edited["Profit_after"].item()
    names = [name for name in before.columns if name != "Deal"]
    same = both.filter(pl.col("Timestamp") == pl.col("Timestamp_after"))
    assert same.filter(
        pl.any_horizontal(pl.col(name) != pl.col(f"{name}_after") for name in names)
    ).is_empty()
    assert len(correction[1].corrected) == 3


def test_closed_days_stay_and_later_days_are_restated(base: Path, correction: Corrected) -> None:
    before, after = table(base, "mt5_daily"), table(correction[0], "mt5_daily")
    new = after.join(before, on=before.columns, how="anti").with_columns(
        day=pl.from_epoch("Datetime").dt.date()
    )
    planted = truth(base, "breaks")
    added = truth(correction[0], "breaks").join(planted, on=planted.columns, how="anti")
    assert sorted(added["break_type"]) == ["deleted_deal", "late_deal", "source_restatement"]
    assert set(new["Login"]) == set(added["login"])
    last = dt.date(2026, 10, 30)
    for row in added.iter_rows(named=True):
        days = new.filter(pl.col("Login") == row["login"])["day"].sort().to_list()
        assert days[0] == row["business_date"] + dt.timedelta(days=1)
        assert days[-1] == last
        assert len(days) == (last - row["business_date"]).days
    assert new["Timestamp"].min() > before["Timestamp"].max()  # type: ignore[operator]


def test_other_tables_do_not_change(base: Path, correction: Corrected) -> None:
    changed = {"mt5_deals", "mt5_daily", "mt5_users", "mt5_accounts"}
    for spec in TABLES:
        if spec.name not in changed:
            assert table(base, spec.name).equals(table(correction[0], spec.name)), spec.name
    for folder in ("crm", "stripe", "broker"):
        for path in (base / folder).iterdir():
            assert path.read_bytes() == (correction[0] / folder / path.name).read_bytes()


def test_current_balances_follow(base: Path, correction: Corrected) -> None:
    last = (
        truth(correction[0], "account_days")
        .group_by("login")
        .agg(pl.col("closing_balance").sort_by("business_date").last().cast(pl.Float64))
    )
    joined = last.join(table(correction[0], "mt5_accounts"), left_on="login", right_on="Login")
    off = joined.filter((pl.col("closing_balance") - pl.col("Balance")).abs() > 0.005)
    assert off["login"].to_list() == [1003]


def test_corrections_need_the_same_broker_and_happen_once(
    base: Path, correction: Corrected, tmp_path: Path
) -> None:
    with pytest.raises(SimulationError, match="no simulated broker"):
        simulate(SEED, DAYS, ACCOUNTS, tmp_path, corrections=True)
    with pytest.raises(SimulationError, match="other arguments"):
        simulate(SEED + 1, DAYS, ACCOUNTS, base, corrections=True)
    with pytest.raises(SimulationError, match="already"):
        simulate(SEED, DAYS, ACCOUNTS, correction[0], corrections=True)


def test_too_small_a_broker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="at least 12 accounts"):
        simulate(SEED, DAYS, 3, tmp_path)
    with pytest.raises(SimulationError, match="does not cover"):
        simulate(SEED, 12_000, ACCOUNTS, tmp_path)
