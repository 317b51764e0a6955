"""PAMM and copy trading in the CRM, and the truth: each fee that is due, and what was charged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import polars as pl

from ingestion.simulator.cash import CHARGE
from ingestion.simulator.copy_trading import Fee, Strategy, investments, reckoned, strategies
from ingestion.simulator.crm import write_csv
from ingestion.simulator.exact_money import exact
from ingestion.simulator.market import TENANT
from ingestion.simulator.world import World


def fees_of(world: World) -> Iterator[Fee]:
    """Every fee of a broker, by the deals as they are now."""
    terms = strategies(world.population, world.window, world.server_id)
    for investment in investments(world.window):
        yield from reckoned(
            world.deals, world.held, world.population, world.window, world.rates, terms, investment
        )


def copy_fees_truth(world: World) -> pl.DataFrame:
    """Fee by investor, month and kind: what is due, what the platform took, the mark."""
    fees = list(fees_of(world)) if world.tenant == TENANT else []
    charges = world.deals.filter(pl.col("action") == CHARGE)
    taken = {
        (account, comment): -profit
        for account, comment, profit in charges.group_by("account", "comment")
        .agg(pl.col("profit").sum())
        .iter_rows()
    }
    account = np.array([fee.account for fee in fees], dtype=np.int64)
    digits = world.population.currency_digits[account]

    def money(amounts: list[int]) -> pl.Series:
        return exact(np.array(amounts, dtype=np.int64), digits)

    return pl.DataFrame(
        {
            "server_id": pl.Series([world.server_id] * len(fees), dtype=pl.String),
            "strategy_id": pl.Series([fee.strategy_id for fee in fees], dtype=pl.String),
            "login": world.population.login[account],
            "month_from": pl.Series([fee.month for fee in fees], dtype=pl.Date),
            "month_to": pl.Series([fee.month_to for fee in fees], dtype=pl.Date),
            "fee_kind": pl.Series([fee.kind for fee in fees], dtype=pl.String),
            "is_final": pl.Series([fee.is_final for fee in fees], dtype=pl.Boolean),
            "days": pl.Series([fee.days for fee in fees], dtype=pl.Int64),
            "due": money([fee.due for fee in fees]),
            "charged": money([taken.get((fee.account, fee.comment), 0) for fee in fees]),
            "result": money([fee.result for fee in fees]),
            "mark_before": money([fee.mark_before for fee in fees]),
            "mark_after": money([fee.mark_after for fee in fees]),
        }
    ).sort("login", "month_from", "fee_kind")


def write_copy(world: World, folder: Path) -> dict[str, int]:
    """The CRM's tables of strategies and investments; gives rows per table."""
    population, window = world.population, world.window
    return {
        "copy_strategies": write_csv(
            folder / "copy_strategies.csv",
            tuple(field.name for field in fields(Strategy)),
            (astuple(one) for one in strategies(population, window, world.server_id)),
        ),
        "copy_investments": write_csv(
            folder / "copy_investments.csv",
            ("strategy_id", "server_id", "login", "valid_from", "valid_to"),
            (
                (one.strategy_id, world.server_id, int(population.login[one.account]),
                 one.valid_from, one.valid_to)
                for one in investments(window)
            ),
        ),
    }  # fmt: skip
