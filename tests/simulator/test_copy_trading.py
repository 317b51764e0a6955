"""Copy fees in the simulated broker: posted in pairs, and nothing else moves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.copy_trading import fee_operations, investments, reckoned, strategies
from ingestion.simulator.hedging import hedge
from ingestion.simulator.truth_copy import fees_of
from ingestion.simulator.world import World, build_world
from tests.simulator.conftest import ACCOUNTS, DAYS, SEED, table, truth

OPERATION = r"^(Management fee|Performance fee|Subscription) 2026-\d\d "


@pytest.fixture(scope="module")
def world() -> World:
    """The broker with its copy fees."""
    return build_world(SEED, DAYS, ACCOUNTS, None, None)


def test_fees_move_nothing_but_deal_numbers(world: World) -> None:
    # Strategies are the main tenant's alone.
    without = build_world(SEED, DAYS, ACCOUNTS, None, None, "other", world.server_id)
    others = world.deals.filter(~pl.col("comment").str.contains(OPERATION))
    assert others.height < world.deals.height
    assert others.drop("deal").equals(without.deals.drop("deal"))
    assert hedge(world).fills.drop("deal").equals(hedge(without).fills.drop("deal"))


def test_each_charge_has_a_credit_right_behind_it(world: World) -> None:
    posted = world.deals.filter(pl.col("comment").str.contains(OPERATION)).sort("deal")
    assert posted.height % 2 == 0
    assert posted.height > 0
    for first, second in zip(
        posted[::2].iter_rows(named=True), posted[1::2].iter_rows(named=True), strict=True
    ):
        assert second["deal"] == first["deal"] + 1
        assert first["server_ms"] == second["server_ms"]
        assert sorted((first["profit"] > 0, second["profit"] > 0)) == [False, True]


def test_what_is_posted_is_what_is_due(base: Path) -> None:
    fees = truth(base, "copy_fees")
    posted = fees.filter(pl.col("charged") != 0)
    assert posted.height > 0
    assert posted.filter(pl.col("charged") != pl.col("due")).is_empty()
    assert fees.filter(pl.col("due") < 0).is_empty()
    deals = table(base, "mt5_deals").filter(
        pl.col("Comment").str.contains(OPERATION) & (pl.col("Profit") < 0)
    )
    assert round(Decimal(str(deals["Profit"].sum())), 2) == -posted["charged"].sum()


def test_reckoned_before_they_are_posted_fees_are_those_reckoned_after(world: World) -> None:
    without = world.deals.filter(~pl.col("comment").str.contains(OPERATION))
    terms = strategies(world.population, world.window, world.server_id)
    before = [
        fee
        for investment in investments(world.window)
        for fee in reckoned(
            without, world.held, world.population, world.window, world.rates, terms, investment,
            posts=True,
        )
    ]  # fmt: skip
    assert before == list(fees_of(world))
    operations = fee_operations(
        without, world.held, world.population, world.window, world.rates, world.server_id
    )
    assert len(operations) == world.deals.height - without.height
