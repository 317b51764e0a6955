"""How the broker hedges its A book: which deal is filled where, for how much, at which price.

A deal of an A-book group goes to one of two providers in the client's own direction, at the
client's price less the mark-up. Some deals are filled in two parts, a few are not hedged at all,
one is hedged twice over; at each provider one fill is cancelled and one is corrected afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import IntArray, to_utc_ms
from ingestion.simulator.market import GROUPS, SYMBOL_INDEX, SYMBOLS, SymbolSpec
from ingestion.simulator.world import World, stream

ALPHA, BETA = "lp_alpha", "lp_beta"
PROVIDERS = (ALPHA, BETA)
PARTIAL_SHARE = 0.15
CORRECTED_POINTS = 10
_MARKUPS = {"XAUUSD": 6, "US500": 2}
_MARKUP = 1


@dataclass(frozen=True)
class Hedges:
    """Fills in the order they happened; ``state`` is what became of each.

    Columns: number (from 1, by provider), lp (index), deal, symbol (index of the provider's
    instrument), side (1 buy, -1 sell), tenths (of a unit), lots (hundredths), first_price and price
    (points, before and after a correction), utc_ms, part, parts, state (standing, cancelled,
    corrected), day (epoch day in the provider's zone).
    """

    fills: pl.DataFrame

    def of(self, provider: str) -> pl.DataFrame:
        """The fills at one provider."""
        return self.fills.filter(pl.col("lp") == PROVIDERS.index(provider))

    def standing(self) -> pl.DataFrame:
        """The fills that count."""
        return self.fills.filter(pl.col("state") != "cancelled")


def instrument_of(symbol: int) -> int:
    """The symbol that a provider quotes for one of ours: without the suffix of an account type."""
    return SYMBOL_INDEX[SYMBOLS[symbol].mid_of]


def tenths_per_centilot(spec: SymbolSpec) -> int:
    """Tenths of a unit in a hundredth of a lot: whole for every contract size we offer."""
    return round(spec.contract_size / 10)


def hedge(world: World) -> Hedges:
    """The fills of a broker. Deterministic."""
    is_a_book = np.array([spec.book == "A" and not spec.excluded for spec in GROUPS])
    deals = world.deals if world.hedged is None else world.hedged
    deals = deals.filter(pl.col("action") <= 1)
    deals = deals.filter(
        pl.Series(is_a_book[world.population.group[deals["account"].to_numpy()]])
    ).sort("server_ms", "deal")
    count = len(deals)
    rng = stream(world.seed, "hedging")
    latency, draw = rng.integers(20, 180, count), rng.random(count)
    volume = deals["volume"].to_numpy().copy()
    # Planted at fixed places, so that the smallest broker has each of them.
    unhedged = np.isin(np.arange(count), [count // 5, count // 3, count // 2])
    doubled = np.arange(count) == count * 2 // 3
    volume[doubled & ~unhedged] *= 2
    parts = np.where((draw < PARTIAL_SHARE) & (volume >= 2), 2, 1)
    row = np.repeat(np.arange(count), np.where(unhedged, 0, parts))
    part = _part_of(row)
    half = volume[row] // 2
    filled = np.where(parts[row] == 1, volume[row], np.where(part == 0, half, volume[row] - half))
    symbol = np.array([instrument_of(n) for n in range(len(SYMBOLS))])
    instrument = symbol[deals["symbol"].to_numpy()[row]]
    side = 1 - 2 * deals["action"].to_numpy()[row]
    markup = np.array([_MARKUPS.get(spec.mid_of, _MARKUP) for spec in SYMBOLS])[instrument]
    # The second part of a fill is a point worse than the first.
    price = deals["price"].to_numpy()[row] - side * (markup - part)
    tenths = np.array([tenths_per_centilot(spec) for spec in SYMBOLS])[instrument]
    utc = to_utc_ms(deals["server_ms"].to_numpy()[row]) + latency[row] + part * 7
    fills = pl.DataFrame(
        {
            "lp": deals["deal"].to_numpy()[row] % len(PROVIDERS),
            "deal": deals["deal"].to_numpy()[row],
            "symbol": instrument,
            "side": side,
            "tenths": filled * tenths,
            "lots": filled,
            "first_price": price,
            "price": price,
            "utc_ms": utc,
            "part": part,
            "parts": parts[row],
        }
    ).sort("utc_ms", "deal", "part")
    return Hedges(_with_days(_with_states(fills)))


def _part_of(row: IntArray) -> IntArray:
    """0 for the first fill of a deal, 1 for the second."""
    same = np.zeros(len(row), dtype=np.int64)
    same[1:] = row[1:] == row[:-1]
    return same


def _with_states(fills: pl.DataFrame) -> pl.DataFrame:
    """One fill of each provider is cancelled later, one corrected to a worse price."""
    numbered = fills.with_columns(number=pl.int_range(1, pl.len() + 1).over("lp"))
    place, size = pl.col("number"), pl.len().over("lp")
    state = (
        pl.when((place == size // 4) & (size > 3))
        .then(pl.lit("cancelled"))
        .when((place == size // 2) & (size > 3))
        .then(pl.lit("corrected"))
        .otherwise(pl.lit("standing"))
    )
    return numbered.with_columns(state.alias("state")).with_columns(
        price=pl.col("price")
        + pl.when(pl.col("state") == "corrected")
        .then(CORRECTED_POINTS * pl.col("side"))
        .otherwise(0)
    )


def _with_days(fills: pl.DataFrame) -> pl.DataFrame:
    """The day of each fill on its provider's clock: alpha's is London's, beta's is UTC."""
    at = pl.from_epoch(pl.col("utc_ms"), time_unit="ms").dt.replace_time_zone("UTC")
    london = at.dt.convert_time_zone("Europe/London").dt.date()
    return fills.with_columns(day=pl.when(pl.col("lp") == 0).then(london).otherwise(at.dt.date()))
