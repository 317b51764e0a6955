"""What the simulated platform states about itself holds, by rules written down here again."""

from __future__ import annotations

import tomllib
from datetime import UTC, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ingestion.simulator.tables import TABLES
from tests.simulator.conftest import table, truth


def decimal(value: float, digits: int) -> Decimal:
    return Decimal(repr(round(value, digits + 6))).quantize(
        Decimal(1).scaleb(-digits), ROUND_HALF_UP
    )


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_tables_have_mt5_columns_unique_keys_and_no_nulls(base: Path, spec: object) -> None:
    frame = table(base, spec.name)  # type: ignore[attr-defined]
    assert frame.columns == [name for name, _ in spec.columns]  # type: ignore[attr-defined]
    assert frame.height > 0
    assert frame.select(spec.key).is_unique().all()  # type: ignore[attr-defined]
    assert frame.null_count().sum_horizontal().item() == 0


def test_profit_is_the_price_move_times_the_rate(base: Path) -> None:
    symbols = dict(table(base, "mt5_symbols").select("Symbol", "CurrencyProfit").iter_rows())
    closing = table(base, "mt5_deals").filter(pl.col("VolumeClosedExt") > 0)
    assert closing.height > 500
    for deal in closing.iter_rows(named=True):
        digits = deal["Digits"]
        side = 1 if deal["Action"] == 1 else -1
        move = decimal(deal["Price"], digits) - decimal(deal["PricePosition"], digits)
        units = Decimal(deal["ContractSize"]) * deal["VolumeClosedExt"] / 10**8
        profit_digits = 0 if symbols[deal["Symbol"]] == "JPY" else 2
        raw = (side * move * units).quantize(Decimal(1).scaleb(-profit_digits), ROUND_HALF_UP)
        assert raw == decimal(deal["ProfitRaw"], profit_digits), deal
        rate = decimal(deal["RateProfit"], 8)
        unit = Decimal(1).scaleb(-deal["DigitsCurrency"])
        assert (raw * rate).quantize(unit, ROUND_HALF_UP) == decimal(
            deal["Profit"], deal["DigitsCurrency"]
        ), deal


def test_the_utc_offset_of_every_unmodified_deal_is_new_york_plus_seven_hours(base: Path) -> None:
    late = set(truth(base, "breaks").filter(pl.col("break_type") == "late_deal")["login"])
    deals = table(base, "mt5_deals").filter(pl.col("ModifyFlags") == 0)
    offsets = []
    for row in deals.select("TimeMsc", "Timestamp", "Login", "Reason").iter_rows(named=True):
        if row["Login"] in late and row["Reason"] == 13:
            continue
        utc_seconds = row["Timestamp"] / 1e7 - 11_644_473_600
        offset = row["TimeMsc"].replace(tzinfo=UTC).timestamp() - utc_seconds
        new_york = (row["TimeMsc"] - timedelta(hours=7)).replace(
            tzinfo=ZoneInfo("America/New_York")
        )
        expected = new_york.utcoffset()
        assert expected is not None
        offsets.append(abs(offset - expected.total_seconds() - 7 * 3600))
    assert len(offsets) > 1000
    assert max(offsets) < 0.0205


def test_deal_ids_are_contiguous_and_trades_happen_on_weekdays(base: Path) -> None:
    deals = table(base, "mt5_deals").sort("Deal")
    assert (deals["Deal"].diff().drop_nulls() == 1).all()
    in_time = deals.filter(pl.col("Reason") != 13)["TimeMsc"]
    assert in_time.is_sorted()
    trades = deals.filter(pl.col("Action") < 2)
    assert trades["Time"].dt.weekday().max() <= 5  # type: ignore[operator]


def test_each_daily_row_adds_up_and_opens_where_the_last_one_closed(base: Path) -> None:
    daily = table(base, "mt5_daily").sort("Login", "Datetime")
    parts = [name for name in daily.columns if name.startswith("Daily") and name != "DailyCredit"]
    gap = pl.col("Balance") - pl.col("BalancePrevDay") - pl.sum_horizontal(parts)
    assert daily.select(gap.abs().max()).item() < 0.005
    equity = pl.col("Balance") + pl.col("Credit") + pl.col("Profit") + pl.col("ProfitStorage")
    assert daily.select((pl.col("ProfitEquity") - equity).abs().max()).item() < 0.005
    jumps = daily.with_columns(
        jump=pl.col("BalancePrevDay") - pl.col("Balance").shift(1).over("Login")
    ).filter(pl.col("jump").abs() > 0.005)
    restated = truth(base, "breaks").filter(
        pl.col("break_type").is_in(["late_deal", "source_restatement"])
    )
    assert sorted(jumps["Login"]) == sorted(restated["login"])


def test_floating_of_a_day_is_the_sum_of_its_positions(base: Path) -> None:
    held = (
        table(base, "mt5_daily_positions")
        .group_by("Login", "Datetime")
        .agg(profit=pl.col("Profit").sum(), storage=pl.col("Storage").sum())
    )
    daily = table(base, "mt5_daily").join(held, on=["Login", "Datetime"], how="left")
    off = daily.with_columns(pl.col("profit", "storage").fill_null(0.0)).select(
        (pl.col("Profit") - pl.col("profit")).abs().max().alias("profit"),
        (pl.col("ProfitStorage") - pl.col("storage")).abs().max().alias("storage"),
    )
    assert off["profit"].item() < 0.005
    assert off["storage"].item() < 0.005


def test_positions_have_no_volume_that_their_deals_do_not_explain(base: Path) -> None:
    deals = table(base, "mt5_deals").filter(pl.col("Action") < 2)
    signed = pl.when(pl.col("Action") == 0).then(1).otherwise(-1) * pl.col("VolumeExt")
    left = deals.group_by("PositionID").agg(left=signed.sum()).filter(pl.col("left") != 0)
    held = table(base, "mt5_positions").select(
        pl.col("Position").alias("PositionID"),
        (pl.when(pl.col("Action") == 0).then(1).otherwise(-1) * pl.col("VolumeExt")).alias("left"),
    )
    assert left.sort("PositionID").equals(held.sort("PositionID"))


def test_netting_accounts_hold_one_position_per_symbol(base: Path) -> None:
    groups = table(base, "mt5_groups").filter(pl.col("MarginMode") == 0)["Group"].to_list()
    netting = table(base, "mt5_users").filter(pl.col("Group").is_in(groups))["Login"].to_list()
    held = table(base, "mt5_daily_positions").filter(pl.col("Login").is_in(netting))
    assert held.height > 20
    assert held.select("Datetime", "Login", "Symbol").is_unique().all()


def test_configuration_loads_and_names_every_source(base: Path) -> None:
    from warehouse.settings import load_settings

    settings = load_settings(base / "daybook.toml")
    kinds = {source.kind for source in settings.sources}
    assert {"mt5", "ecb", "crm", "broker", "stripe"} <= kinds
    assert settings.truth_path == base / "truth"
    assert "url" in tomllib.loads((base / "daybook.toml").read_text())["sources"][0]


def test_pending_orders_wait_or_were_cancelled_after_they_were_placed(base: Path) -> None:
    waiting, history = table(base, "mt5_orders"), table(base, "mt5_orders_history")
    cancelled = history.filter(pl.col("Type").is_between(2, 5))
    assert waiting.height == 4
    assert cancelled.height >= 4
    assert cancelled.filter(pl.col("TimeDone") < pl.col("TimeSetup")).is_empty()
    assert not set(waiting["Order"]) & set(history["Order"])
    assert history["Order"].n_unique() == history.height
    # a limit waits on the better side of the market, a stop on the other
    better = pl.when(pl.col("Type").is_in([2, 5])).then(1).otherwise(-1)
    distance = better * (pl.col("PriceCurrent") - pl.col("PriceOrder"))
    assert waiting.select(distance.min()).item() > 0
    logins = set(table(base, "mt5_users")["Login"])
    assert set(waiting["Login"]) <= logins
