"""Profits, swaps and open positions of hand-made events."""

from __future__ import annotations

import numpy as np
import pytest

from ingestion.simulator.cash import at
from ingestion.simulator.clock import Window
from ingestion.simulator.lifecycles import Events, make_events
from ingestion.simulator.market import SYMBOL_INDEX
from ingestion.simulator.population import FIRST_ORDINARY, build_population
from ingestion.simulator.prices import build_price_book
from ingestion.simulator.rates import load_ecb_rates
from ingestion.simulator.settlement import OpenAtClose, Settled, Settlement, divide_half_away

pytestmark = pytest.mark.unit

WINDOW = Window.ending_last(20)
MONDAY = WINDOW.last - 11
USD_ACCOUNT = FIRST_ORDINARY
EURUSD = SYMBOL_INDEX["EURUSD"]


@pytest.fixture(scope="module")
def settlement() -> Settlement:
    rates = load_ecb_rates(WINDOW)
    book = build_price_book(WINDOW, rates, np.random.default_rng(1))
    population = build_population(WINDOW, 12, np.random.default_rng(1))
    return Settlement(WINDOW, population, book)


def events(*rows: tuple[int, int, int]) -> Events:
    """One EURUSD position of a USD account: (time, signed hundredths of a lot, points)."""
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    zeros = np.zeros(len(rows), dtype=np.int64)
    return make_events(zeros, zeros + USD_ACCOUNT, zeros + EURUSD, *columns, reason=0)


def settle(settlement: Settlement, *rows: tuple[int, int, int]) -> tuple[Settled, OpenAtClose]:
    return settlement.settle(events(*rows))


def test_half_away_from_zero() -> None:
    assert divide_half_away(np.array([5, -5, 4, -4, 15]), 10).tolist() == [1, -1, 0, 0, 2]


def test_a_round_trip_of_one_lot_over_fifty_points_makes_fifty_dollars(
    settlement: Settlement,
) -> None:
    day = MONDAY
    settled, held = settle(settlement, (at(day, 10), 100, 110_000), (at(day, 11), -100, 110_050))
    assert settled.entry.tolist() == [0, 1]
    assert settled.profit.tolist() == [0, 5_000]
    assert settled.closed_volume.tolist() == [0, 100]
    assert len(held.day) == 0


def test_a_reversal_closes_one_leg_and_opens_the_other(settlement: Settlement) -> None:
    day = MONDAY
    settled, _ = settle(
        settlement,
        (at(day, 10), 100, 110_000),
        (at(day, 11), -150, 110_010),
        (at(day, 12), 50, 109_990),
    )
    assert settled.entry.tolist() == [0, 2, 1]
    assert settled.closed_volume.tolist() == [0, 100, 50]
    assert settled.profit.tolist() == [0, 1_000, 1_000]
    assert settled.price_position.tolist() == [0, 110_000, 110_010]


def test_added_volume_averages_the_price(settlement: Settlement) -> None:
    day = MONDAY
    settled, _ = settle(
        settlement,
        (at(day, 10), 100, 110_000),
        (at(day, 11), 300, 110_040),
        (at(day, 12), -400, 110_030),
    )
    assert settled.price_position.tolist() == [0, 0, 110_030]
    assert settled.profit.tolist() == [0, 0, 0]


def test_swap_accrues_once_a_night_three_times_on_wednesday_never_at_the_weekend(
    settlement: Settlement,
) -> None:
    opened, closed = at(MONDAY, 10), at(MONDAY + 7, 10)
    settled, held = settle(settlement, (opened, 100, 110_000), (closed, -100, 110_000))
    # EURUSD long costs 6.4 points of one dollar a night: 1, 2, 5, 6, 7 nights, then the weekend.
    assert held.storage.tolist() == [-640 * nights for nights in (1, 2, 5, 6, 7, 7, 7)]
    assert settled.storage.tolist() == [0, -640 * 7]


def test_a_partial_close_takes_its_share_of_the_swap(settlement: Settlement) -> None:
    settled, held = settle(
        settlement,
        (at(MONDAY, 10), 100, 110_000),
        (at(MONDAY + 1, 10), -25, 110_000),
        (at(MONDAY + 2, 10), -75, 110_000),
    )
    assert settled.storage.tolist() == [0, -160, -480 - 480]
    assert held.storage.tolist() == [-640, -480 - 480]
    assert held.volume.tolist() == [100, 75]
