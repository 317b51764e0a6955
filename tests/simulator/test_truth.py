"""The truth agrees with itself, and with the platform but for the planted breaks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.days import COMPONENTS
from tests.simulator.conftest import table, truth

NOTHING = Decimal(0)


def platform_balances(folder: Path) -> pl.DataFrame:
    return table(folder, "mt5_daily").select(
        pl.col("Login").alias("login"),
        pl.from_epoch("Datetime").dt.date().alias("business_date"),
        pl.col("Balance").round(2).cast(pl.Decimal(24, 8)).alias("platform"),
        pl.col("ProfitEquity").round(2).cast(pl.Decimal(24, 8)).alias("platform_equity"),
    )


def test_opening_and_components_come_to_closing(base: Path) -> None:
    days = truth(base, "account_days").with_columns(
        gap=pl.col("opening_balance") + sum(pl.col(name) for name in COMPONENTS)
        - pl.col("closing_balance"),
        equity_gap=pl.col("equity") - pl.col("closing_balance") - pl.col("closing_credit")
        - pl.col("floating_pnl") - pl.col("floating_swap"),
    )  # fmt: skip
    assert days.height > 300
    assert days.filter((pl.col("gap") != 0) | (pl.col("equity_gap") != 0)).is_empty()


def test_each_day_opens_where_the_last_one_closed(base: Path) -> None:
    days = truth(base, "account_days").sort("login", "business_date")
    before = pl.col("closing_balance").shift(1).over("login").fill_null(NOTHING)
    assert days.filter(pl.col("opening_balance") != before).is_empty()


def test_the_platform_states_the_truth_but_for_the_planted_breaks(base: Path) -> None:
    joined = truth(base, "account_days").join(
        platform_balances(base), on=["login", "business_date"], how="left"
    )
    off = joined.with_columns(
        amount=pl.col("closing_balance") - pl.col("platform").fill_null(NOTHING)
    ).filter(pl.col("amount") != 0)
    planted = truth(base, "breaks")
    key = ["login", "business_date", "amount"]
    assert off.select(key).sort(key).equals(planted.select(key).sort(key))
    equity_off = joined.filter(pl.col("equity") != pl.col("platform_equity"))
    assert set(equity_off["login"]) <= set(planted["login"])


def test_users_and_accounts_hold_the_last_closing_balance(base: Path) -> None:
    last = (
        truth(base, "account_days")
        .group_by("login")
        .agg(pl.col("closing_balance").sort_by("business_date").last())
    )
    excluded = truth(base, "breaks").filter(
        pl.col("break_type").is_in(["excluded_group", "orphan_login"])
    )["login"]
    for name in ("mt5_users", "mt5_accounts"):
        stated = table(base, name).select(
            pl.col("Login").alias("login"), pl.col("Balance").round(2).cast(pl.Decimal(24, 8))
        )
        joined = last.join(stated, on="login", how="left").filter(
            ~pl.col("login").is_in(excluded.to_list())
        )
        assert joined.height > 20
        assert joined.filter(pl.col("closing_balance") != pl.col("Balance")).is_empty()


def test_daily_pnl_adds_up_to_the_account_days(base: Path) -> None:
    pnl = truth(base, "daily_pnl")
    lines = sum(
        (pl.col(name) for name in ("commission_income", "swap_income", "fee_income")),
        pl.col("dealing_pnl"),
    )
    assert pnl.filter(pl.col("total") != lines).select(
        (pl.col("total") - lines).abs().max()
    ).item() in (None, Decimal("1e-8"), Decimal("2e-8"))
    assert pnl.filter((pl.col("book") == "A") & (pl.col("dealing_pnl") != 0)).is_empty()
    by_day = pnl.group_by("login", "business_date").agg(
        pl.col("closed_pnl", "commission", "floating_change", "swap_accrual").sum()
    )
    days = truth(base, "account_days").with_columns(
        floating_change=pl.col("floating_pnl")
        - pl.col("floating_pnl").shift(1).over("login").fill_null(NOTHING),
        swap_accrual=pl.col("swap") + pl.col("floating_swap")
        - pl.col("floating_swap").shift(1).over("login").fill_null(NOTHING),
    )  # fmt: skip
    joined = days.join(by_day, on=["login", "business_date"], suffix="_pnl")
    assert joined.height > 250
    for name in ("closed_pnl", "commission", "floating_change", "swap_accrual"):
        assert joined.filter(pl.col(name) != pl.col(f"{name}_pnl")).is_empty(), name


def test_usd_figures_use_the_published_rate_of_the_day(base: Path) -> None:
    from currency_converter import CurrencyConverter

    converter = CurrencyConverter(decimal=True, fallback_on_missing_rate=True)
    users = dict(table(base, "mt5_users").select("Login", "Group").iter_rows())
    checked = 0
    for row in truth(base, "daily_pnl").filter(pl.col("commission") != 0).iter_rows(named=True):
        currency = users[row["login"]][-3:]
        rates = converter._rates
        usd = rates["USD"][row["business_date"]]
        own = Decimal(1) if currency == "EUR" else rates[currency][row["business_date"]]
        if usd is None or own is None:
            continue
        expected = -row["commission"] * usd / own
        assert row["commission_income"] == pytest.approx(expected, abs=Decimal("1e-6"))
        checked += 1
    assert checked > 50


def test_statements_agree_with_the_days(base: Path) -> None:
    statements = truth(base, "statements")
    assert statements["period"].n_unique() == 2
    days = truth(base, "account_days").with_columns(
        period=pl.col("business_date").dt.strftime("%Y-%m")
    )
    names = ["closed_pnl", "swap", "commission", "deposits", "withdrawals"]
    summed = days.group_by("login", "period").agg(pl.col(names).sum())
    joined = statements.join(summed, on=["login", "period"], suffix="_days")
    assert joined.height > 30
    for name in names:
        assert joined.filter(pl.col(name) != pl.col(f"{name}_days")).is_empty(), name


def test_losing_share_is_plausible_and_counted(base: Path) -> None:
    first = truth(base, "losing_accounts").row(0, named=True)
    assert str(first["window_to"]) == "2026-10-30"
    assert str(first["window_from"]) == "2025-10-31"
    assert 0 < first["losing_accounts"] < first["retail_accounts"]
