"""Closing quotes of every symbol, as the broker's quote store exports them: one CSV a month."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from ingestion.simulator.clock import day_of
from ingestion.simulator.crm import write_csv
from ingestion.simulator.market import SYMBOLS
from ingestion.simulator.world import World


def _closings(world: World) -> list[tuple[int, str, Decimal, Decimal]]:
    """Day, symbol, bid, ask of every trading day."""
    days = world.window.trading_days()
    symbol = np.tile(np.arange(len(SYMBOLS)), len(days))
    moments = np.repeat(world.book.closing_ms(days), len(SYMBOLS))
    sides = [
        world.book.quote_points(symbol, moments, np.full(len(symbol), side)).tolist()
        for side in (-1, 1)
    ]
    of_day = np.repeat(days, len(SYMBOLS)).tolist()
    return [
        (day, spec.symbol, Decimal(bid).scaleb(-spec.digits), Decimal(ask).scaleb(-spec.digits))
        for day, spec, bid, ask in zip(
            of_day, [SYMBOLS[index] for index in symbol.tolist()], *sides, strict=True
        )
    ]


def write_closing_quotes(world: World, folder: Path) -> dict[str, int]:
    """closing_YYYY-MM.csv; times are the server's."""
    months: dict[str, list[tuple[object, ...]]] = {}
    for day, symbol, bid, ask in _closings(world):
        months.setdefault(f"{day_of(day):%Y-%m}", []).append(
            (symbol, f"{day_of(day)} 23:59:59", bid, ask)
        )
    return {
        "closing_quotes": sum(
            write_csv(folder / f"closing_{month}.csv", ("symbol", "time", "bid", "ask"), rows)
            for month, rows in months.items()
        )
    }


def closing_quotes_truth(world: World) -> dict[str, pl.DataFrame]:
    """Bid and ask of each symbol and server day."""
    price = pl.Decimal(24, 12)
    return {
        "closing_quotes": pl.DataFrame(
            [("demo", symbol, day_of(day), bid, ask)
             for day, symbol, bid, ask in _closings(world)],
            schema={
                "tenant_id": pl.String(), "symbol": pl.String(), "quote_date": pl.Date(),
                "bid": price, "ask": price,
            },
            orient="row",
        )
    }  # fmt: skip
