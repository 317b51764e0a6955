"""What hedging costs and earns at each provider: commissions, swaps, daily settlement, balances.

The rules, all in integers, money in minor units of the currency that the instrument is priced in:

- commission: so much per million of notional, for each fill, rounded half away from zero;
- daily settlement: the open position is valued at the close, the difference is booked;
- swap: points per unit and night on the position open at a weekday's close, three on Wednesday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray, epoch_day, is_weekend
from ingestion.simulator.hedging import BETA, PROVIDERS, Hedges, hedge
from ingestion.simulator.market import SYMBOLS
from ingestion.simulator.settlement import SymbolArrays, divide_half_away
from ingestion.simulator.world import World

PER_MILLION = {name: 30 if name == BETA else 25 for name in PROVIDERS}
ACCOUNTS = {name: f"HL-{name.removeprefix('lp_').upper()}" for name in PROVIDERS}
DEPOSIT = 200_000_000
_DIGITS = np.array([spec.digits for spec in SYMBOLS], dtype=np.int64)
# Tenths of points per night; the provider keeps half a point.
_SWAP_LONG = np.array([round(spec.swap_long * 10) - 5 for spec in SYMBOLS], dtype=np.int64)
_SWAP_SHORT = np.array([round(spec.swap_short * 10) - 5 for spec in SYMBOLS], dtype=np.int64)
_WEDNESDAY = 2


@dataclass(frozen=True)
class ProviderBooks:
    """One provider's books.

    Attributes:
        fills: as :class:`~ingestion.simulator.hedging.Hedges` has them, with ``commission`` and
            ``first_commission`` (before a correction) in minor units, negative.
        lines: day, line_type, symbol (-1 for none), currency, minor.
        balances: day, currency, opening, closing (minor units); every day of the window.
    """

    name: str
    fills: pl.DataFrame
    lines: pl.DataFrame
    balances: pl.DataFrame


def provider_books(world: World) -> list[ProviderBooks]:
    """The books of every provider. Deterministic."""
    hedges = hedge(world)
    return [_books(world, hedges, name) for name in PROVIDERS]


def _commission(fills: pl.DataFrame, price: str, per_million: int) -> IntArray:
    symbol = fills["symbol"].to_numpy()
    digits = SymbolArrays.of_market().profit_digits[symbol]
    value = fills["tenths"].to_numpy() * fills[price].to_numpy() * 10**digits
    return -divide_half_away(value * per_million, 10 ** (_DIGITS[symbol] + 7))


def _books(world: World, hedges: Hedges, name: str) -> ProviderBooks:
    fills = hedges.of(name)
    fills = fills.with_columns(
        commission=pl.Series(_commission(fills, "price", PER_MILLION[name])),
        first_commission=pl.Series(_commission(fills, "first_price", PER_MILLION[name])),
    )
    standing = fills.filter(pl.col("state") != "cancelled")
    day = np.array([epoch_day(d) for d in standing["day"].to_list()], dtype=np.int64)
    days = np.arange(min([world.window.first, *day.tolist()]), world.window.last + 1)
    lines = _lines(world, standing, day, days)
    return ProviderBooks(name, fills, lines, _balances(lines, days))


def _lines(world: World, fills: pl.DataFrame, day: IntArray, days: IntArray) -> pl.DataFrame:
    """Lines of a statement, from dense [day, symbol] arrays."""
    shape = (len(days), len(SYMBOLS))
    cell = (day - days[0]) * len(SYMBOLS) + fills["symbol"].to_numpy()

    def total(values: IntArray) -> IntArray:
        out = np.zeros(shape[0] * shape[1], dtype=np.int64)
        np.add.at(out, cell, values)
        return out.reshape(shape)

    signed = fills["side"].to_numpy() * fills["tenths"].to_numpy()
    position = np.cumsum(total(signed), axis=0)
    close = _closing_points(world, days)
    value = position * close
    moved = np.diff(value, axis=0, prepend=np.zeros((1, shape[1]), dtype=np.int64))
    settled = moved - total(signed * fills["price"].to_numpy())
    nights = np.where(is_weekend(days), 0, np.where((days + 3) % 7 == _WEDNESDAY, 3, 1))
    rate = np.where(position > 0, _SWAP_LONG, _SWAP_SHORT)
    swap = np.abs(position) * rate * nights[:, None]
    minor = 10 ** SymbolArrays.of_market().profit_digits
    amounts = {
        "trade_pnl": divide_half_away(settled * minor, 10 ** (_DIGITS + 1)),
        "commission": total(fills["commission"].to_numpy()),
        "swap": divide_half_away(swap * minor, 10 ** (_DIGITS + 2)),
    }
    parts = [
        pl.DataFrame(
            {"day": days[:1], "line_type": ["deposit"], "symbol": [-1], "currency": ["USD"],
             "minor": [DEPOSIT]}
        )
    ]  # fmt: skip
    currencies = np.array([spec.profit for spec in SYMBOLS])
    for kind, amount in amounts.items():
        rows, symbols = np.nonzero(amount)
        parts.append(
            pl.DataFrame(
                {
                    "day": days[rows],
                    "line_type": [kind] * len(rows),
                    "symbol": symbols,
                    "currency": currencies[symbols],
                    "minor": amount[rows, symbols],
                }
            )
        )
    return pl.concat(parts).sort("day", "line_type", "symbol")


def _closing_points(world: World, days: IntArray) -> IntArray:
    """Bids at each close, [day, symbol]."""
    window = world.window
    moment = np.clip(days * DAY_MS + DAY_MS - 1, window.start_ms, window.end_ms - 1)
    symbol = np.tile(np.arange(len(SYMBOLS)), len(days))
    when = np.repeat(moment, len(SYMBOLS))
    points = world.book.quote_points(symbol, when, np.full(len(symbol), -1))
    return points.reshape(len(days), len(SYMBOLS))


def _balances(lines: pl.DataFrame, days: IntArray) -> pl.DataFrame:
    currencies = sorted(set(lines["currency"].to_list()))
    frames = []
    for currency in currencies:
        own = lines.filter(pl.col("currency") == currency)
        moved = np.zeros(len(days), dtype=np.int64)
        np.add.at(moved, own["day"].to_numpy() - days[0], own["minor"].to_numpy())
        closing = np.cumsum(moved)
        frames.append(
            pl.DataFrame(
                {
                    "day": days,
                    "currency": [currency] * len(days),
                    "opening": closing - moved,
                    "closing": closing,
                }
            )
        )
    return pl.concat(frames).sort("day", "currency")
