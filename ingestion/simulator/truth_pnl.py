"""The truth about the broker's daily P&L, and about losing retail accounts.

USD figures use the ECB rate of the business day, crossed through EUR: realised amounts at their
own day, the change of floating as floating(t) x rate(t) - floating(t-1) x rate(t-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray, Window, day_of, epoch_day
from ingestion.simulator.crm import classification_on, classifications
from ingestion.simulator.days import AccountDays
from ingestion.simulator.market import GROUPS, SERVER_ID, SYMBOLS, main_currency
from ingestion.simulator.rates import RATE_SCALE
from ingestion.simulator.truth_books import calendar, exact
from ingestion.simulator.world import World

Exact = npt.NDArray[np.object_]
REPORTING = "USD"


@dataclass(frozen=True)
class _Cells:
    """Sums per (account, symbol, day); floating at that close, minor units."""

    account: IntArray
    symbol: IntArray
    day: IntArray
    closed: IntArray
    swap: IntArray
    commission: IntArray
    floating: IntArray
    floating_before: IntArray
    accrued: IntArray
    accrued_before: IntArray


def _cells(world: World) -> _Cells:
    population = world.population
    excluded = [index for index, flag in enumerate(population.is_excluded()) if flag]
    key = ["account", "symbol", "day"]
    trades = (
        world.deals.filter(pl.col("action") <= 1)
        .with_columns(day=pl.col("server_ms") // DAY_MS)
        .group_by(key)
        .agg(
            closed=pl.col("profit").sum(),
            swap=pl.col("storage").sum(),
            commission=pl.col("commission").sum(),
        )
    )
    held = (
        pl.DataFrame({name: getattr(world.held, name) for name in (*key, "profit", "storage")})
        .group_by(key)
        .agg(floating=pl.col("profit").sum(), accrued=pl.col("storage").sum())
    )
    yesterday = held.select(
        "account", "symbol", day=pl.col("day") + 1,
        floating_before=pl.col("floating"), accrued_before=pl.col("accrued"),
    ).filter(pl.col("day") <= world.window.last)  # fmt: skip
    joined = (
        trades.join(held, on=key, how="full", coalesce=True)
        .join(yesterday, on=key, how="full", coalesce=True)
        .filter(~pl.col("account").is_in(excluded))
        .with_columns(pl.all().fill_null(0))
        .sort("account", "day", "symbol")
    )
    names = _Cells.__dataclass_fields__
    return _Cells(**{name: joined[name].to_numpy() for name in names})


class UsdRates:
    """USD per native minor unit of an account on a day: integers of 1e-12 per main unit."""

    def __init__(self, world: World) -> None:
        window = Window(world.window.first - 1, world.window.last)
        self._first = window.first
        series = {
            code: world.rates.scaled_series(code, REPORTING, window)
            for code in {main_currency(spec.currency) for spec in GROUPS}
        }
        self._table = np.array([series[main_currency(c)] for c in world.population.currency])
        self._divisor = np.array(
            [
                10 ** int(digits) * int(cents)
                for digits, cents in zip(
                    world.population.currency_digits, world.population.cents, strict=True
                )
            ],
            dtype=object,
        )

    def scaled(self, minor: IntArray, account: IntArray, day: IntArray) -> Exact:
        """USD times 1e12 times the account's divisor, exact: Python integers."""
        return np.asarray(minor.astype(object) * self._table[account, day - self._first])

    def rounded(self, scaled: Exact, account: IntArray) -> pl.Series:
        """DECIMAL(38,8) of ``scaled``, half away from zero."""
        divisor = self._divisor[account] * (RATE_SCALE // 10**8)
        sign = np.where(scaled < 0, -1, 1).astype(object)
        units = sign * ((2 * sign * scaled + divisor) // (2 * divisor))
        texts = [_decimal_text(int(value)) for value in units]
        return pl.Series(texts, dtype=pl.String).str.to_decimal(scale=8).cast(pl.Decimal(38, 8))


def _decimal_text(value: int) -> str:
    sign = "-" if value < 0 else ""
    digits = f"{abs(value):09d}"
    return f"{sign}{digits[:-8]}.{digits[-8:]}"


def daily_pnl_truth(world: World) -> pl.DataFrame:
    """Client side in account currency, broker side in USD, per login, symbol and day."""
    cells, population = _cells(world), world.population
    account, day = cells.account, cells.day
    digits = population.currency_digits[account]
    usd = UsdRates(world)
    books = np.array([spec.book for spec in GROUPS])[population.group[account]]
    floating = usd.scaled(cells.floating, account, day)
    floating -= usd.scaled(cells.floating_before, account, day - 1)
    dealing = -(usd.scaled(cells.closed, account, day) + floating) * (books == "B")
    commission = -usd.scaled(cells.commission, account, day)
    accrued = usd.scaled(cells.accrued, account, day)
    accrued -= usd.scaled(cells.accrued_before, account, day - 1)
    swap = -(usd.scaled(cells.swap, account, day) + accrued)
    return pl.DataFrame(
        {
            "server_id": [SERVER_ID] * len(account),
            "login": population.login[account],
            "symbol": np.array([spec.symbol for spec in SYMBOLS])[cells.symbol],
            "business_date": calendar(day),
            "book": books,
            "closed_pnl": exact(cells.closed, digits),
            "floating_change": exact(cells.floating - cells.floating_before, digits),
            "swap_accrual": exact(cells.swap + cells.accrued - cells.accrued_before, digits),
            "commission": exact(cells.commission, digits),
            "dealing_pnl": usd.rounded(dealing, account),
            "commission_income": usd.rounded(commission, account),
            "swap_income": usd.rounded(swap, account),
            "total": usd.rounded(dealing + commission + swap, account),
        }
    ).sort("login", "business_date", "symbol")


def _windows(last: date) -> list[tuple[date, date]]:
    """Twelve months to the last day, to its month's end, and to the end of the month before."""
    month_end = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    previous_end = last.replace(day=1) - timedelta(days=1)
    windows = []
    for end in dict.fromkeys((last, month_end, previous_end)):
        following = end + timedelta(days=1)
        windows.append((following.replace(year=following.year - 1), end))
    return windows


def losing_accounts_truth(world: World, days: AccountDays) -> pl.DataFrame:
    """Retail accounts with an open CFD in the window, and those whose net result is below zero."""
    population, window = world.population, world.window
    usd = UsdRates(world)
    excluded = population.is_excluded()
    classes = classifications(population, window)
    traded = _traded_days(world)
    rows = []
    for start, end in _windows(day_of(window.last)):
        first = max(epoch_day(start), window.first) - window.first
        last = min(epoch_day(end), window.last) - window.first
        retail = losing = 0
        for account in range(population.size):
            client = int(population.client[account])
            if excluded[account] or client < 0 or last < first:
                continue
            if classification_on(classes, client, end) != "retail":
                continue
            span = slice(first, last + 1)
            if not (traded[account, span].any() or days.open_positions[account, span].any()):
                continue
            retail += 1
            losing += _net_result(usd, days, account, first, last, window) < 0
        rows.append((start, end, retail, losing))
    return pl.DataFrame(
        rows,
        schema={"window_from": pl.Date, "window_to": pl.Date, "retail_accounts": pl.Int64,
                "losing_accounts": pl.Int64},
        orient="row",
    )  # fmt: skip


def _net_result(
    usd: UsdRates, days: AccountDays, account: int, first: int, last: int, window: Window
) -> int:
    """Realised in the window plus the change of unrealised over it: scaled USD, sign exact."""
    index = np.arange(first, last + 1)
    realised = sum(
        (
            days.components[name][account, index]
            for name in ("closed_pnl", "swap", "commission", "fees")
        ),
        np.zeros(len(index), dtype=np.int64),
    )
    who = np.full(len(index), account)
    total = usd.scaled(realised, who, index + window.first).sum()
    unrealised = days.floating[account] + days.floating_swap[account]
    edge = np.array([account])
    total += usd.scaled(unrealised[[last]], edge, np.array([last + window.first]))[0]
    if first > 0:
        total -= usd.scaled(unrealised[[first - 1]], edge, np.array([first - 1 + window.first]))[0]
    return int(total)


def _traded_days(world: World) -> npt.NDArray[np.bool_]:
    window = world.window
    traded = np.zeros((world.population.size, window.days), dtype=bool)
    deals = world.deals.filter(pl.col("action") <= 1)
    day = deals["server_ms"].to_numpy() // DAY_MS - window.first
    traded[deals["account"].to_numpy(), day] = True
    return traded
