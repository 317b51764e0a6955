"""The simulated providers: what is planted in their files, and that staging comes to the truth."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.hedging import hedge
from ingestion.simulator.liquidity_files import write_liquidity
from ingestion.simulator.market import GROUPS
from ingestion.simulator.simulate import simulate
from ingestion.simulator.world import World, build_world
from ingestion.sync import sync_once
from quality.lake_tables import held_tables
from quality.truth import truth_checks, truth_differences
from quality.truth_liquidity import LIQUIDITY_COMPARISONS
from tests.ingestion.lake import one, rows
from warehouse.connection import connect
from warehouse.settings import load_settings

SEED, DAYS, ACCOUNTS = 11, 20, 12


@pytest.fixture(scope="module")
def world() -> World:
    """A small broker."""
    return build_world(SEED, DAYS, ACCOUNTS, None, None)


def test_every_a_book_deal_is_hedged_but_for_what_is_planted(world: World) -> None:
    books = [GROUPS[group].book for group in world.population.group[world.deals["account"]]]
    deals = world.deals.with_columns(book=pl.Series(books)).filter(
        (pl.col("book") == "A") & (pl.col("action") <= 1)
    )
    hedges = hedge(world)
    by_deal = hedges.fills.group_by("deal").agg(
        pl.col("lots").sum(), pl.col("side").first(), pl.len().alias("parts")
    )
    joined = deals.join(by_deal, on="deal", how="left")
    assert joined.height == deals.height > 50
    assert by_deal.height == deals.height - 3
    assert joined.filter(pl.col("lots").is_null()).height == 3
    over = joined.filter(pl.col("lots") != pl.col("volume"))
    assert over.select(pl.col("lots") / pl.col("volume")).to_series().to_list() == [2.0]
    assert joined.filter(pl.col("side") != 1 - 2 * pl.col("action")).is_empty()
    assert 0.05 < joined.filter(pl.col("parts") == 2).height / joined.height < 0.3
    # The provider is cheaper than the client's price: the mark-up is the broker's.
    priced = hedges.fills.filter(pl.col("part") == 0).join(
        deals.select("deal", client="price"), on="deal"
    )
    assert priced.filter(
        (pl.col("client") - pl.col("first_price")) * pl.col("side") <= 0
    ).is_empty()
    for lp in (0, 1):
        states = Counter(hedges.fills.filter(pl.col("lp") == lp)["state"])
        assert (states["cancelled"], states["corrected"]) == (1, 1)


def test_the_same_broker_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    def written(name: str) -> dict[str, str]:
        write_liquidity(build_world(SEED, DAYS, ACCOUNTS, None, None), tmp_path / name)
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / name).rglob("*.*")
        }

    first = written("a")
    assert len(first) == 7
    assert first == written("b")
    logs = "".join(path.read_text("latin-1") for path in (tmp_path / "a").rglob("*.log"))
    assert logs.count("\x0143=Y\x01") == 1
    assert logs.count("\x01150=H\x01") == logs.count("\x01150=G\x01") == 1


@pytest.mark.dbt
def test_staging_of_the_simulated_providers_equals_the_truth(
    staged_empty_home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broker"
    simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=folder)
    shutil.copytree(staged_empty_home, folder / "home")
    settings = load_settings(folder / "daybook.toml")
    for source in ("lp_alpha", "lp_beta"):
        [done] = sync_once(settings, source).sources
        assert (done.error, done.quarantined, done.problems) == (None, 0, ())
        assert done.new > 0
        assert sync_once(settings, source).sources[0].loads == 0
    assert settings.truth_path is not None
    with connect("read", settings=settings) as con:
        checks = {c.id: c for c in truth_checks(con, settings.truth_path, held_tables(con))}
        staged = [c for c in LIQUIDITY_COMPARISONS if c.needs[0].startswith("staging.")]
        assert len(staged) == 3
        for comparison in staged:
            check = checks[comparison.id]
            assert check.population > 50
            off = truth_differences(con, settings.truth_path, comparison.id, limit=3)
            assert (check.broken, off) == (0, [])
    assert rows(
        settings,
        "SELECT lp_id, fill_status, count(*) FROM lake.staging.stg_lp__fills "
        "WHERE fill_status <> 'standing' GROUP BY ALL ORDER BY ALL",
    ) == [
        # A provider's own row that turned; messages of their own.
        ("lp_alpha", "cancellation", 1),
        ("lp_alpha", "replaced", 1),
        ("lp_beta", "cancellation", 1),
        ("lp_beta", "cancelled", 1),
        ("lp_beta", "replaced", 1),
    ]
    assert one(settings, "SELECT sum(resend_count) FROM lake.staging.stg_lp__fix_logs") == 1
    # A tenth of a unit too much is found, and nothing else with it.
    with connect("write", settings=settings) as con:
        con.execute(
            "UPDATE lake.raw.lp_fills SET quantity = quantity + 0.1 WHERE fill_id = 'B0000001'"
        )
    with connect("read", settings=settings) as con:
        checks = {c.id: c for c in truth_checks(con, settings.truth_path, held_tables(con))}
    assert checks["truth_lp_fills"].broken == 1
    assert checks["truth_lp_balances"].broken == 0
