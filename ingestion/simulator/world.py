"""One simulated broker in memory: everything the writers and the truth are made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ingestion.simulator import cash as cash_module
from ingestion.simulator.cash import COMPENSATION, CashBook, Funding, at
from ingestion.simulator.clock import Window
from ingestion.simulator.copy_trading import fee_operations
from ingestion.simulator.days import AccountDays, sum_days
from ingestion.simulator.deals import LateArrival, cancelled_deal, number_deals, with_operations
from ingestion.simulator.lifecycles import Events, build_events, draw_positions
from ingestion.simulator.market import SERVER_ID, SYMBOL_INDEX, TENANT
from ingestion.simulator.planted import (
    CANCELLED_ACCOUNT,
    LATE_ACCOUNT,
    plant_trades,
    restatable_day,
)
from ingestion.simulator.population import STOP_OUT, Population, build_population
from ingestion.simulator.prices import PriceBook, build_price_book
from ingestion.simulator.rates import EcbRates, load_ecb_rates
from ingestion.simulator.restatements import Restatement, edit_one_deal
from ingestion.simulator.settlement import OpenAtClose, Settled, Settlement

DEALS_PER_POSITION = 2.0
DEFAULT_DEALS_PER_DAY = 4.0
_DRAWS = 5


@dataclass(frozen=True)
class World:
    """The broker: deals and positions as they are now, and what the platform said before."""

    seed: int
    tenant: str
    server_id: str
    window: Window
    rates: EcbRates
    population: Population
    book: PriceBook
    deals: pl.DataFrame
    held: OpenAtClose
    cash: CashBook
    restatements: list[Restatement] = field(default_factory=list)
    hedged: pl.DataFrame | None = None
    """The deals as they were when they were hedged, if somebody changed them since."""

    def account_days(self) -> AccountDays:
        """What the books must state for every account and day."""
        return sum_days(self.deals, self.held, self.population, self.window)

    def with_deals(self, deals: pl.DataFrame, added: list[Restatement]) -> World:
        """The same broker after somebody changed its past."""
        return replace(
            self,
            deals=deals,
            restatements=[*self.restatements, *added],
            hedged=self.deals if self.hedged is None else self.hedged,
        )


def stream(seed: int, name: str) -> np.random.Generator:
    """An independent, named stream of random numbers: parts never disturb each other."""
    return np.random.default_rng(np.random.SeedSequence([seed, *name.encode()]))


def _money_scale(positions: int, accounts: int) -> int:
    """Heavy traders bring more money, so that spreads alone do not ruin them."""
    each = positions / accounts
    return 1 if each < 400 else 50 if each < 10_000 else 1_000


def build_world(
    seed: int, days: int, accounts: int, deals_per_day: float | None, target_deals: int | None,
    tenant: str = TENANT, server_id: str = SERVER_ID,
) -> World:  # fmt: skip
    """Simulate a broker. Deterministic in its arguments.

    Args:
        seed: any integer of 0 or more.
        days: calendar days up to the last simulated day.
        accounts: client accounts; a manager, a demo, a test and an orphan account come on top.
        deals_per_day: trade deals per account and trading day, 4 by default.
        target_deals: about how many trade deals in all; wins over ``deals_per_day``.
        tenant: whose broker it is.
        server_id: the trading server's name; one a simulation.

    Raises:
        SimulationError: too few accounts or days.
    """
    window = Window.ending_last(days)
    population = build_population(window, accounts, stream(seed, "population"))
    rates = load_ecb_rates(window)
    book = build_price_book(window, rates, stream(seed, "prices"))
    per_day = DEFAULT_DEALS_PER_DAY if deals_per_day is None else deals_per_day
    wanted = target_deals or per_day * accounts * len(window.trading_days())
    positions = max(int(wanted / DEALS_PER_POSITION), 1)

    cash = CashBook()
    funding = cash_module.fund_accounts(
        window, population, rates, _money_scale(positions, accounts), cash, stream(seed, "cash")
    )
    cash_module.plant_monitored_cash(window, cash, funding)
    cash_module.plant_back_office(window, population, cash, funding)
    settled, held, late = _trade(
        seed, window, population, book, rates, funding, positions, target_deals, cash
    )
    deals = number_deals(settled, population, late[0], cash.operations, _cancelled(window, book))
    deals, edited = edit_one_deal(
        deals, population, window, fraction=0.55, modify_flags=1, shift_points=35
    )
    if tenant == TENANT:
        fees = fee_operations(deals, held, population, window, rates, server_id)
        deals = with_operations(deals, population, fees)
    late_profit = int(
        deals.filter(pl.col("position") == late[0].position).select(pl.col("profit").sum()).item()
    )
    restated = [Restatement(LATE_ACCOUNT, late[1], "closed_pnl", -late_profit, "late_deal"), edited]
    return World(
        seed, tenant, server_id, window, rates, population, book, deals, held, cash, restated
    )


def _draw(
    seed: int, window: Window, population: Population, book: PriceBook, rates: EcbRates,
    funding: Funding, positions: int,
) -> tuple[Events, int]:  # fmt: skip
    draft = draw_positions(
        window, population, positions, funding.day, funding.usd, rates, stream(seed, "positions")
    )
    return build_events(window, population, draft, book, stream(seed, "events"))


def _trade(
    seed: int, window: Window, population: Population, book: PriceBook, rates: EcbRates,
    funding: Funding, positions: int, target_deals: int | None, cash: CashBook,
) -> tuple[Settled, OpenAtClose, tuple[LateArrival, int]]:  # fmt: skip
    events, used = _draw(seed, window, population, book, rates, funding, positions)
    for _ in range(_DRAWS if target_deals else 0):
        # Netting accounts drop what overlaps, the more the busier they are: ask for more.
        share = len(events.account) / (target_deals or 1)
        if abs(share - 1) < 0.01:
            break
        positions = int(positions / share)
        events, used = _draw(seed, window, population, book, rates, funding, positions)
    planted = plant_trades(window, book, used)
    everything = Events.join([events, planted.events])
    settled, held = Settlement(window, population, book).settle(everything)
    ruined = settled.events.account == STOP_OUT
    left = (
        sum(o.amount for o in cash.operations if o.account == STOP_OUT)
        + int(settled.profit[ruined].sum())
        + int(settled.storage[ruined].sum())
    )
    if left < 0:
        cash.post(
            STOP_OUT, planted.stop_out_ms + 180_000, COMPENSATION, -left,
            "Negative balance compensation",
        )  # fmt: skip
    return settled, held, (LateArrival(planted.late_position, planted.arrival_ms), planted.late_day)


def _cancelled(window: Window, book: PriceBook) -> dict[str, int | str]:
    day = restatable_day(window, 0.4)
    symbol, when = SYMBOL_INDEX["GBPUSD"], at(day, 13, 13)
    price = book.quote_points(np.array([symbol]), np.array([when]), np.array([1]))
    return cancelled_deal(CANCELLED_ACCOUNT, when, symbol, int(price[0]))
