"""The truth about liquidity providers: fills by day and instrument, statement lines, balances."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl

from ingestion.simulator.clock import day_of
from ingestion.simulator.exact_money import exact
from ingestion.simulator.liquidity import ACCOUNTS, ProviderBooks, provider_books
from ingestion.simulator.liquidity_files import name_at
from ingestion.simulator.market import CURRENCY_DIGITS, SYMBOLS
from ingestion.simulator.world import World

TENANT = "demo"


def liquidity_truth(world: World) -> dict[str, pl.DataFrame]:
    """One frame each for fills that stand, statement lines and balances, of every provider."""
    books = provider_books(world)
    return {
        "lp_fills": pl.concat([_fills(one) for one in books]),
        "lp_statement_lines": pl.concat([_lines(one) for one in books]),
        "lp_balances": pl.concat([_balances(one) for one in books]),
    }


def _fills(books: ProviderBooks) -> pl.DataFrame:
    """Count, signed units, notional and commission of each day and instrument."""
    wide = pl.Int128
    standing = books.fills.filter(pl.col("state") != "cancelled")
    sums = (
        standing.group_by("day", "symbol", maintain_order=True)
        .agg(
            pl.len().alias("fills"),
            (pl.col("side") * pl.col("tenths")).cast(wide).sum().alias("tenths"),
            (pl.col("tenths").cast(wide) * pl.col("price")).sum().alias("value"),
            pl.col("commission").cast(wide).sum().alias("commission"),
        )
        .sort("day", "symbol")
    )
    digits = [SYMBOLS[n].digits for n in sums["symbol"]]
    minor = [CURRENCY_DIGITS[SYMBOLS[n].profit] for n in sums["symbol"]]
    return pl.DataFrame(
        {
            "tenant_id": [TENANT] * len(sums),
            "lp_id": [books.name] * len(sums),
            "symbol": [name_at(books.name, n) for n in sums["symbol"]],
            "executed_date": sums["day"],
            "currency": [SYMBOLS[n].profit for n in sums["symbol"]],
            "fills": sums["fills"].cast(pl.Int64),
            "signed_units": _scaled(sums["tenths"], [1] * len(sums)),
            "notional": _scaled(sums["value"], [1 + n for n in digits]),
            "commission": _scaled(sums["commission"], minor),
        }
    )


def _scaled(values: pl.Series, digits: list[int]) -> pl.Series:
    amounts = [Decimal(v).scaleb(-n) for v, n in zip(values.to_list(), digits, strict=True)]
    return pl.Series(amounts, dtype=pl.Decimal(38, 8))


def _lines(books: ProviderBooks) -> pl.DataFrame:
    sums = (
        books.lines.group_by("day", "line_type", "symbol", "currency", maintain_order=True)
        .agg(pl.len().alias("lines"), pl.col("minor").sum())
        .sort("day", "line_type", "symbol")
    )
    return pl.DataFrame(
        {
            "tenant_id": [TENANT] * len(sums),
            "lp_id": [books.name] * len(sums),
            "lp_account_id": [ACCOUNTS[books.name]] * len(sums),
            "booked_date": [day_of(day) for day in sums["day"]],
            "line_type": sums["line_type"],
            "symbol": [name_at(books.name, n) for n in sums["symbol"]],
            "currency": sums["currency"],
            "lines": sums["lines"].cast(pl.Int64),
            "amount": exact(sums["minor"].to_numpy(), _digits(sums)),
        }
    )


def _balances(books: ProviderBooks) -> pl.DataFrame:
    held = books.balances
    return pl.DataFrame(
        {
            "tenant_id": [TENANT] * len(held),
            "lp_id": [books.name] * len(held),
            "lp_account_id": [ACCOUNTS[books.name]] * len(held),
            "balance_date": [day_of(day) for day in held["day"]],
            "currency": held["currency"],
            "opening_balance": exact(held["opening"].to_numpy(), _digits(held)),
            "closing_balance": exact(held["closing"].to_numpy(), _digits(held)),
        }
    )


def _digits(frame: pl.DataFrame) -> np.ndarray:
    return np.array([CURRENCY_DIGITS[code] for code in frame["currency"]], dtype=np.int64)
