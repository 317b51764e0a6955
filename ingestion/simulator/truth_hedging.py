"""The truth about what the hedged book earns: mark-up, the providers' commission, what is unhedged.

All in integers: points of a price, tenths of a unit, 1e-12 of a rate. USD at the ECB rate of the
business day.

- mark-up: client price less fill price, in the client's direction, on the volume of the deal that
  its fills cover, the first fill first;
- LP commission: that of every fill that counts, on the day of its deal;
- hedge residual: what clients paid for volume less what fills and mark-up took of it, valued at the
  middle of each trading day's closing quote.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, day_of
from ingestion.simulator.hedging import PROVIDERS, hedge, instrument_of, tenths_per_centilot
from ingestion.simulator.liquidity import provider_books
from ingestion.simulator.market import CURRENCY_DIGITS, GROUPS, SYMBOLS, TENANT
from ingestion.simulator.world import World

REPORTING_CURRENCY = "USD"
_CENT_MILLIONTH = Decimal("0.00000001")
_SCHEMA = {
    "tenant_id": pl.String(),
    "server_id": pl.String(),
    "business_date": pl.Date(),
    "line": pl.String(),
    "lp_id": pl.String(),
    "instrument": pl.String(),
    "amount": pl.Decimal(38, 8),
}

# (day, instrument, direction, tenths, points) of a deal or a fill.
_Trade = tuple[int, int, int, int, int]


def hedged_pnl_truth(world: World) -> pl.DataFrame:
    """USD per business day, line, provider and instrument; no row where nothing was earned."""
    if world.tenant != TENANT:
        return pl.DataFrame(schema=_SCHEMA)
    deals = _deals(world)
    in_points: dict[tuple[int, str, str, int], int] = defaultdict(int)
    in_minor: dict[tuple[int, str, str, int], int] = defaultdict(int)
    fills, left = [], {deal: trade[3] for deal, trade in deals.items()}
    for row in hedge(world).standing().sort("utc_ms", "deal", "part").iter_rows(named=True):
        day, instrument, direction, _, paid = deals[row["deal"]]
        covered = min(row["tenths"], left[row["deal"]])
        left[row["deal"]] -= covered
        cell = (day, "mark_up", PROVIDERS[row["lp"]], instrument)
        in_points[cell] += direction * (paid - row["price"]) * covered
        fills.append((day, instrument, direction, row["tenths"], row["price"]))
    for books in provider_books(world):
        for row in books.fills.filter(pl.col("state") != "cancelled").iter_rows(named=True):
            cell = (deals[row["deal"]][0], "lp_commission", books.name, row["symbol"])
            in_minor[cell] += row["commission"]
    amounts = {
        key: Decimal(points).scaleb(-1 - SYMBOLS[key[3]].digits)
        for key, points in in_points.items()
    }
    amounts |= {
        key: Decimal(minor).scaleb(-CURRENCY_DIGITS[SYMBOLS[key[3]].profit])
        for key, minor in in_minor.items()
    }
    amounts |= _residual(world, list(deals.values()), fills, in_points)
    rows = [
        (world.tenant, world.server_id, day_of(day), line, provider, SYMBOLS[instrument].symbol,
         _in_usd(world, amount, SYMBOLS[instrument].profit, day))
        for (day, line, provider, instrument), amount in sorted(amounts.items())
        if amount
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _deals(world: World) -> dict[int, _Trade]:
    """What clients of the A book did, by deal number."""
    is_a_book = np.array([spec.book == "A" and not spec.excluded for spec in GROUPS])
    traded = world.deals.filter(pl.col("action") <= 1)
    chosen = pl.Series(is_a_book[world.population.group[traded["account"].to_numpy()]])
    return {
        row["deal"]: (
            row["server_ms"] // DAY_MS,
            instrument_of(row["symbol"]),
            1 - 2 * row["action"],
            row["volume"] * tenths_per_centilot(SYMBOLS[row["symbol"]]),
            row["price"],
        )
        for row in traded.filter(chosen).iter_rows(named=True)
    }


def _residual(
    world: World, deals: list[_Trade], fills: list[_Trade],
    mark_up: dict[tuple[int, str, str, int], int],
) -> dict[tuple[int, str, str, int], Decimal]:  # fmt: skip
    """From the first day with a fill on: what is held before it counts as hedged."""
    if not fills:
        return {}
    first = min(trade[0] for trade in fills)
    taken: dict[tuple[int, int], int] = defaultdict(int)
    exposed: dict[tuple[int, int], int] = defaultdict(int)
    for sign, trades in ((1, deals), (-1, fills)):
        for day, instrument, direction, tenths, points in trades:
            if day >= first:
                taken[instrument, day] += sign * direction * tenths * points
                exposed[instrument, day] += sign * direction * tenths
    for (day, _, _, instrument), points in mark_up.items():
        taken[instrument, day] -= points
    days = world.window.trading_days()
    found: dict[tuple[int, str, str, int], Decimal] = {}
    for instrument in sorted({instrument for instrument, _ in taken}):
        symbol = np.full(len(days), instrument)
        moments = world.book.closing_ms(days)
        twice_mid = sum(
            world.book.quote_points(symbol, moments, np.full(len(days), side)) for side in (-1, 1)
        )
        cash = units = before = 0
        closes = dict(zip(days.tolist(), np.asarray(twice_mid).tolist(), strict=True))
        for day in range(first, world.window.last + 1):
            cash += taken.get((instrument, day), 0)
            units += exposed.get((instrument, day), 0)
            if day not in closes and units:
                continue
            now = 2 * cash - units * closes.get(day, 0)
            found[day, "hedge_residual", "", instrument] = (
                Decimal(now - before).scaleb(-1 - SYMBOLS[instrument].digits) / 2
            )
            before = now
    return found


def _in_usd(world: World, amount: Decimal, currency: str, day: int) -> Decimal:
    scaled = world.rates.scaled_cross(currency, REPORTING_CURRENCY, day)
    return (amount * Decimal(scaled).scaleb(-12)).quantize(_CENT_MILLIONTH, ROUND_HALF_UP)
