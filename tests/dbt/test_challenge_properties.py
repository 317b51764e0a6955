"""Challenges that hypothesis makes up: the models' windows and a walk day by day agree.

The walk is the simulator's own, a loop with a balance in its hand; it shares nothing with the SQL.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.connectors.crm.challenge_contracts import DAILY_BASES, TOTAL_BASES
from ingestion.simulator.challenge_days import Challenge, Plan, play
from ingestion.simulator.challenge_tracks import Track
from ingestion.simulator.clock import day_of
from tests.dbt.memory_challenges import MemoryChallenges, day, memory_challenges

pytestmark = pytest.mark.dbt

# Ten weeks with three ends of a month in them; the last day is a Friday.
FIRST, LAST = day("2026-01-23"), day("2026-04-03")
INITIAL = Decimal(10_000)
_CENT = Decimal("0.01")
_COUNT = LAST - FIRST + 1

cents = st.integers(-60_000, 60_000).map(lambda number: Decimal(number) / 100)
rates = st.integers(1, 2_000).map(lambda number: Decimal(number) / 10_000)


@st.composite
def days(draw: st.DrawFn) -> Track:
    """Most days nothing happens, so that windows have something to carry."""
    quiet = (Decimal(0), None, False, Decimal(0))
    busy = st.builds(
        lambda result, dip, opened, floating: (
            result, min(result, -abs(dip)) if dip else result, opened, floating,
        ),
        cents, cents, st.booleans(), cents,
    )  # fmt: skip
    told = draw(st.lists(st.one_of(st.just(quiet), busy), min_size=_COUNT, max_size=_COUNT))
    result, lowest, opened, floating = zip(*told, strict=True)
    return Track(result, lowest, opened, floating)


@st.composite
def challenges(draw: st.DrawFn) -> Challenge:
    """A plan with a target or a split, with any of the limits."""
    daily = draw(st.none() | rates)
    total = draw(st.none() | rates)
    is_funded = draw(st.booleans())
    scales = is_funded and draw(st.booleans())
    plan = Plan(
        "P", 1, "",
        None if is_funded else draw(rates),
        daily, draw(st.sampled_from(DAILY_BASES)) if daily is not None else "",
        total, draw(st.sampled_from(TOTAL_BASES)) if total is not None else "",
        draw(st.integers(0, 6)),
        draw(rates) * 5 if is_funded else None,
        draw(st.integers(1, 2)) if scales else None,
        draw(rates) if scales else None,
        Decimal("0.25") if scales else None,
        draw(st.none() | st.just(Decimal(12_000))) if scales else None,
    )  # fmt: skip
    first = draw(st.integers(FIRST, FIRST + 20))
    until = draw(st.none() | st.integers(first + 1, LAST + 1))
    return Challenge("C", 0, plan, INITIAL, first, until)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> MemoryChallenges:
    """The models' SQL, without a challenge."""
    return memory_challenges(tmp_path_factory.mktemp("challenges"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(challenge=challenges(), track=days())
def test_windows_and_a_walk_agree(
    models: MemoryChallenges, challenge: Challenge, track: Track
) -> None:
    models.lay(challenge, track, FIRST, LAST)
    played = play(challenge, track, FIRST, LAST)

    assert models.rows(
        """
        SELECT business_date, opening_balance_amount, opening_equity_amount, daily_floor_amount,
            total_floor_amount, closing_balance_amount, equity_amount, lowest_amount,
            profit_amount, trading_days, state, coalesce(failed_by, '')
        FROM finance.fct_challenge_days ORDER BY business_date
        """
    ) == [
        (
            day_of(one.day), *(
                None if amount is None else amount.normalize() for amount in (
                    one.opening_balance, one.opening_equity, one.daily_floor, one.total_floor,
                    one.closing_balance, one.equity, one.lowest, one.profit,
                )
            ),
            one.trading_days, one.state, one.failed_by,
        )
        for one in played.days
    ]  # fmt: skip

    paid = models.rows(
        """
        SELECT payout_month, state, profit_amount, payable_amount, trader_amount, house_amount
        FROM finance.fct_challenge_payouts ORDER BY payout_month
        """
    )
    assert paid == [
        (
            row.month, row.state, row.profit.normalize(), row.payable.normalize(),
            _rounded(row.trader), (row.payable - _rounded(row.trader)).normalize(),
        )
        for row in played.payouts
    ]  # fmt: skip
    assert all(whole == trader + house for _, _, _, whole, trader, house in paid)

    [(state, allocated, payable)] = models.rows(
        "SELECT state, allocated_balance_amount, payable_amount FROM finance.fct_challenges"
    )
    assert state == played.state(LAST)
    assert allocated == played.allocated.normalize()
    assert payable == sum((row[3] for row in paid), Decimal(0)).normalize()


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP).normalize()
