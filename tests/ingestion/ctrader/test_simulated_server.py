"""The simulated cTrader server: both ways in give the truth's figures, and the checks can fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.ctrader_messages import write_ctrader
from ingestion.simulator.ctrader_web import write_ctrader_web
from ingestion.simulator.truth_ctrader import ctrader_truth
from ingestion.simulator.world import build_world
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.checks import run_checks
from quality.lake_tables import held_tables
from quality.truth import truth_checks
from tests.ingestion.lake import rows
from warehouse.connection import connect
from warehouse.settings import Settings, SourceSettings

SEED, DAYS, ACCOUNTS = 11, 20, 15
STAGING = ["ref_ctrader_balance_operations", "staging.ctrader", "staging.ctrader_ws"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The server of a small broker, loaded both ways, staging built, the truth beside it."""
    folder = tmp_path_factory.mktemp("ctrader")
    world = build_world(SEED, DAYS, ACCOUNTS, None, None)
    write_ctrader(world, folder / "ctrader")
    write_ctrader_web(world, folder / "ctrader_web")
    (folder / "truth").mkdir()
    for name, frame in ctrader_truth(world).items():
        frame.write_parquet(folder / "truth" / f"{name}.parquet")
    settings = Settings(
        home=folder / "home",
        truth_path=folder / "truth",
        sources=[
            SourceSettings(name="ctrader_live", kind="ctrader", path=folder / "ctrader"),
            SourceSettings(name="ctrader_web", kind="ctrader_ws", path=folder / "ctrader_web"),
        ],
    )
    report = sync_once(settings)
    assert not report.failed
    assert [source.problems for source in report.sources] == [(), ()]
    result = run_dbt(settings, ["build", "--select", *STAGING])
    assert not result.failed, [(node.name, node.message) for node in result.failed]
    return settings


def checked(settings: Settings, folder: Path) -> dict[str, tuple[int, int]]:
    """Population and broken of each cTrader check against the truth in a folder."""
    with connect("read", settings=settings) as con:
        found = truth_checks(con, folder, held_tables(con))
    return {check.id: (check.population, check.broken) for check in found}


def test_the_staged_figures_are_the_truth(built: Settings) -> None:
    assert built.truth_path is not None
    found = checked(built, built.truth_path)
    assert sorted(found) == [
        "truth_ctrader_account_days",
        "truth_ctrader_accounts",
        "truth_ctrader_deal_statuses",
        "truth_ctrader_open_positions",
    ]
    assert {broken for _, broken in found.values()} == {0}
    assert all(population > 0 for population, _ in found.values())


@pytest.mark.parametrize(
    ("check", "column", "change"),
    [
        ("account_days", "balance", lambda c: c + 0.01),
        ("accounts", "commission", lambda c: c + 0.01),
        ("accounts", "balance_version", lambda c: c + 1),
        ("deal_statuses", "status", lambda c: c.str.replace("rejected", "filled")),
        ("deal_statuses", "filled_units", lambda c: c + 1),
        ("open_positions", "lots", lambda c: c + 0.01),
    ],
)
def test_a_figure_that_is_off_breaks_its_check(
    built: Settings, tmp_path: Path, check: str, column: str, change: Callable[[pl.Expr], pl.Expr]
) -> None:
    assert built.truth_path is not None
    folder = shutil.copytree(built.truth_path, tmp_path / "truth")
    path = folder / f"ctrader_{check}.parquet"
    frame = pl.read_parquet(path)
    frame.with_columns(change(pl.col(column)).cast(frame.schema[column])).write_parquet(path)
    found = checked(built, folder)
    broken = {name for name, (_, count) in found.items() if count}
    assert broken == {f"truth_ctrader_{check}"}


def test_the_web_service_and_the_open_api_agree_on_every_closing_deal(built: Settings) -> None:
    differences = rows(
        built,
        """
        WITH api AS (
            SELECT deal_id, position_id, login, symbol,
                CASE side WHEN 'buy' THEN 'sell' ELSE 'buy' END AS side, executed_at_utc,
                closed_units, entry_price, price, currency, gross_profit_amount,
                realised_swap_amount, realised_commission_amount, quote_to_deposit_rate
            FROM lake.staging.stg_ctrader__deals WHERE is_closing
        ),
        web AS (
            SELECT deal_id, position_id, login, symbol, side, closed_at_utc, volume_units,
                entry_price, close_price, currency, gross_profit_amount, realised_swap_amount,
                realised_commission_amount, quote_to_deposit_rate
            FROM lake.staging.stg_ctrader_ws__closed_positions
        )
        SELECT 'api' AS only_in, * FROM (SELECT * FROM api EXCEPT SELECT * FROM web)
        UNION ALL
        SELECT 'web', * FROM (SELECT * FROM web EXCEPT SELECT * FROM api)
        """,
    )
    assert differences == []
    [(both, books)] = rows(
        built,
        "SELECT count(*), count(DISTINCT book) FROM lake.staging.stg_ctrader_ws__closed_positions",
    )
    assert both > 50
    assert books == 2
    for columns, table in (
        (
            "position_id, login, symbol, side, volume_units, open_price, floating_swap_amount",
            "open_positions",
        ),
        ("login, currency, balance_amount, position_mode, leverage_ratio", "traders"),
    ):
        assert not rows(
            built,
            f"SELECT {columns} FROM lake.staging.stg_ctrader__{table} EXCEPT "
            f"SELECT {columns} FROM lake.staging.stg_ctrader_ws__{table}",
        )


def test_the_server_has_what_brokers_have(built: Settings) -> None:
    statuses = rows(built, "SELECT DISTINCT status FROM lake.staging.stg_ctrader__deals")
    assert {"filled", "partially_filled", "rejected"} <= {status for (status,) in statuses}
    operations = rows(built, "SELECT DISTINCT operation FROM lake.staging.stg_ctrader__cash_flows")
    assert {name for (name,) in operations} >= {
        "deposit", "withdraw", "deposit_nonwithdrawable_bonus", "withdraw_inactivity_fee",
        "deposit_transfer", "withdraw_transfer", "deposit_rebate", "deposit_dividends",
    }  # fmt: skip
    [(hedged, netted, lowest)] = rows(
        built,
        "SELECT count(*) FILTER (position_mode = 'hedged'), "
        "count(*) FILTER (position_mode = 'netted'), min(login) "
        "FROM lake.staging.stg_ctrader__traders",
    )
    assert hedged > 0
    assert netted > 0
    assert lowest == 3_000_001
    # A position that was closed in parts.
    assert rows(
        built,
        "SELECT position_id FROM lake.staging.stg_ctrader__deals WHERE is_closing "
        "GROUP BY ALL HAVING count(*) > 1 LIMIT 1",
    )
    # What a deal leaves is what was there and what it realised: the balances chain.
    assert (
        rows(
            built,
            """
        SELECT account_id, balance_version
        FROM (
            SELECT c.*, lag(c.balance_amount, 1, 0) OVER (
                    PARTITION BY c.account_id ORDER BY c.balance_version
                ) AS before,
                coalesce(d.gross_profit_amount + d.realised_swap_amount
                    + d.realised_commission_amount + d.conversion_fee_amount,
                    CASE f.moves WHEN 'balance' THEN f.amount ELSE 0 END) AS moved
            FROM lake.staging.stg_ctrader__balance_changes AS c
            LEFT JOIN lake.staging.stg_ctrader__deals AS d
                ON c.origin = 'deal' AND d.deal_id = c.origin_id
            LEFT JOIN lake.staging.stg_ctrader__cash_flows AS f
                ON c.origin = 'cash_flow' AND f.balance_history_id = c.origin_id
        ) AS chained
        WHERE before + moved <> balance_amount OR missing_versions > 0 OR is_replay
        """,
        )
        == []
    )


def test_the_check_of_balance_versions_counts_gaps_replays_and_a_version_that_is_not_held(
    built: Settings, tmp_path: Path
) -> None:
    def found(settings: Settings) -> tuple[int, int]:
        [check] = [c for c in run_checks(settings) if c.id == "ctrader_balance_versions"]
        return check.population, check.broken

    population, broken = found(built)
    assert population > 50
    assert broken == 0
    folder = tmp_path / "spoiled"
    shutil.copytree(built.home, folder)
    settings = built.model_copy(update={"home": folder})
    with connect("write", settings=settings) as con:
        # A version takes the next one's number: it is missing there, and twice here.
        con.execute(
            """
            UPDATE lake.raw.ctrader_deals
            SET close_balance_version = close_balance_version + 1
            WHERE (ctid_trader_account_id, close_balance_version) IN (
                SELECT (ctid_trader_account_id, min(close_balance_version))
                FROM lake.raw.ctrader_deals
                GROUP BY ctid_trader_account_id
                ORDER BY 1
                LIMIT 1
            )
            """
        )
        con.execute(
            "UPDATE lake.raw.ctrader_traders SET balance_version = balance_version + 2 "
            "WHERE trader_login = 3000002"
        )
    assert found(settings) == (population, 3)


def test_the_same_broker_gives_the_same_bytes(built: Settings, tmp_path: Path) -> None:
    world = build_world(SEED, DAYS, ACCOUNTS, None, None)
    write_ctrader(world, tmp_path / "ctrader")
    write_ctrader_web(world, tmp_path / "ctrader_web")
    before = built.home.parent
    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (before / path.relative_to(tmp_path)).read_bytes(), path
