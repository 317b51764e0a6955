"""Fees of PAMM and copy trading: the high-water mark, and what holds whatever is traded."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_partners.memory_copy import (
    MemoryCopy,
    Row,
    memory_copy,
    month_end,
    months,
)

pytestmark = [pytest.mark.dbt, pytest.mark.slow]
TRIES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
RATE = Decimal("0.2")
ZERO = Decimal(0)

cents = st.integers(-50_000, 50_000).map(lambda units: Decimal(units) / 100)
results = st.lists(cents, min_size=1, max_size=9)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> MemoryCopy:
    """The copy fee models' SQL in memory, without a lake."""
    return memory_copy(tmp_path_factory.mktemp("copied"))


def lay(copied: MemoryCopy, days: list[Row], **terms: object) -> None:
    """One investor of one strategy."""
    copied.lay(
        crm_copy_strategies=[{"performance_rate": RATE, **terms}],
        crm_copy_investments=[{"login": 1}],
        fct_account_days=days,
    )


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@TRIES
@given(made=results)
def test_the_mark_is_the_highest_result_and_a_loss_is_won_back_first(
    copied: MemoryCopy, made: list[Decimal]
) -> None:
    lay(copied, months(made, [ZERO] * len(made)))
    mark, expected = ZERO, []
    for reached in itertools.accumulate(made):
        higher = max(mark, reached)
        expected.append((mark, higher, rounded(RATE * (higher - mark))))
        mark = higher
    assert copied.fees("mark_before_amount, mark_after_amount, due_amount") == expected
    assert sum(base for (base,) in copied.fees("base_amount")) == mark


@TRIES
@given(data=st.data(), made=results)
def test_what_is_paid_in_or_out_moves_no_performance_fee(
    copied: MemoryCopy, data: st.DataObject, made: list[Decimal]
) -> None:
    lay(copied, months(made, [ZERO] * len(made)))
    columns = "due_amount, mark_after_amount, result_amount, reason"
    without = copied.fees(columns)
    paid = data.draw(st.lists(cents, min_size=len(made), max_size=len(made)))
    lay(copied, months(made, paid))
    assert copied.fees(columns) == without
    assert copied.fees("deposits_amount + withdrawals_amount")[1:] == [(p,) for p in paid[1:]]


@TRIES
@given(made=results, equity=cents)
def test_no_fee_is_negative_and_each_that_is_nothing_says_why(
    copied: MemoryCopy, made: list[Decimal], equity: Decimal
) -> None:
    days = months(made, [ZERO] * len(made))
    for day in days:
        day["equity_amount"] = equity
    lay(copied, days, management_rate=Decimal("0.02"), subscription_amount=5,
        subscription_currency="USD")  # fmt: skip
    for kind in ("management", "performance", "subscription"):
        fees = copied.fees("due_amount, reason", kind)
        assert len(fees) == len(made)
        assert all(due >= 0 and (due == 0) == (reason is not None) for due, reason in fees)


@TRIES
@given(made=results, seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(
    copied: MemoryCopy, made: list[Decimal], seed: int
) -> None:
    days = months(made, [ZERO] * len(made))
    lay(copied, days)
    before = copied.fees("*")
    Random(seed).shuffle(days)
    lay(copied, days)
    assert copied.fees("*") == before


@TRIES
@given(
    fee=st.integers(1, 50_000).map(lambda units: Decimal(units) / 100),
    shares=st.lists(st.integers(0, 1000).map(lambda units: Decimal(units) / 100), max_size=4),
)
def test_partners_parts_and_what_is_left_are_the_fee(
    copied: MemoryCopy, fee: Decimal, shares: list[Decimal]
) -> None:
    day = dt.date(2026, 2, 2)
    copied.lay(
        crm_copy_strategies=[{"performance_rate": RATE}],
        crm_copy_investments=[{"login": 1}],
        fct_account_days=[*months([Decimal(100)], [ZERO]), {"business_date": day}],
        can_deals=[
            {"deal_key": "d1", "business_date": day, "comment": "Performance fee",
             "executed_at_utc": dt.datetime(2026, 2, 2), "balance_effect_amount": -fee}
        ],
        fct_commission_ledger=[
            {"deal_key": "d1", "business_date": day, "amount_reporting": share} for share in shares
        ],
    )  # fmt: skip
    first = copied.fees(
        "charged_amount, partners_amount_reporting, left_amount_reporting, "
        "charged_amount_reporting, difference_amount"
    )[0]
    assert first == (fee, sum(shares, ZERO), fee - sum(shares, ZERO), fee, fee - 20)


def test_a_late_deal_of_an_earlier_month_changes_the_fees_after_it(copied: MemoryCopy) -> None:
    made = [Decimal(100), Decimal(-60), Decimal(80)]
    lay(copied, months(made, [ZERO] * 3))
    assert copied.fees("due_amount") == [(20,), (0,), (4,)]
    late = {"business_date": dt.date(2026, 1, 20), "closed_pnl_amount": -100}
    lay(copied, [*months(made, [ZERO] * 3), {"equity_amount": 900, **late}])
    assert copied.fees("due_amount, mark_after_amount, reason") == [
        (0, 0, "at the high-water mark"),
        (0, 0, "below the high-water mark by 60.00"),
        (4, 20, None),
    ]


def test_an_investment_that_begins_and_ends_within_a_month(copied: MemoryCopy) -> None:
    """10 days of 1,000 at 3.65 % a year are 1.00; the subscription is owed whole."""
    copied.lay(
        crm_copy_strategies=[
            {"management_rate": Decimal("0.0365"), "subscription_amount": 25,
             "subscription_currency": "USD"}
        ],
        crm_copy_investments=[{"valid_from": "2026-03-10", "valid_to": "2026-03-20"}],
        fct_account_days=[{"business_date": "2026-01-01", "equity_amount": 1000}],
        int_server_closes=[{"business_date": "2026-03-25"}],
    )  # fmt: skip
    [month] = copied.fees("days, month_to, is_final, due_amount, charge_state", "management")
    assert month == (10, dt.date(2026, 3, 19), True, Decimal(1), "awaited")
    [month] = copied.fees("due_amount, is_final", "subscription")
    assert month == (Decimal(25), True)


def test_the_running_month_is_not_final_and_becomes_due_with_its_last_day(
    copied: MemoryCopy,
) -> None:
    days = [{"business_date": "2026-01-05", "equity_amount": 1000, "closed_pnl_amount": 10}]
    states = []
    for last in (dt.date(2026, 1, 30), month_end(0), dt.date(2026, 2, 27), month_end(1)):
        copied.lay(
            crm_copy_strategies=[{"performance_rate": RATE}],
            crm_copy_investments=[{"login": 1}],
            fct_account_days=days,
            int_server_closes=[{"business_date": last}],
        )
        states.append(copied.fees("is_final, due_amount, charge_state")[0])
    assert states == [
        (False, 2, "running"), (True, 2, "awaited"), (True, 2, "awaited"), (True, 2, "differs"),
    ]  # fmt: skip


def test_a_broker_without_strategies_has_no_fees(copied: MemoryCopy) -> None:
    copied.lay(fct_account_days=months([Decimal(5)], [ZERO]))
    assert copied.con.execute("SELECT count(*) FROM partners.fct_copy_fees").fetchall() == [(0,)]
