"""Rounded parts add up to the rounded total, and none moves further than it must."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.rounding import round_parts
from warehouse.money import round_half_away

pytestmark = pytest.mark.unit

DIGITS = st.sampled_from([0, 2, 3, 8])
AMOUNTS = st.lists(
    st.decimals(min_value=-(10**9), max_value=10**9, places=8, allow_nan=False), max_size=60
)


@given(AMOUNTS, DIGITS)
def test_parts_add_up_to_the_rounded_sum(amounts: list[Decimal], digits: int) -> None:
    total = round_half_away(sum(amounts, Decimal(0)), digits)
    parts = round_parts(amounts, total, digits)
    assert sum(parts, Decimal(0)) == total
    unit = Decimal(1).scaleb(-digits)
    assert all(abs(part - amount) < unit for part, amount in zip(parts, amounts, strict=True))
    assert all(part == round_half_away(part, digits) for part in parts)


@given(AMOUNTS, DIGITS)
def test_exact_parts_are_left_alone(amounts: list[Decimal], digits: int) -> None:
    exact = [round_half_away(amount, digits) for amount in amounts]
    assert round_parts(exact, sum(exact, Decimal(0)), digits) == exact


@given(AMOUNTS, st.decimals(min_value=-(10**6), max_value=10**6, places=8), DIGITS)
def test_movements_lead_from_one_rounded_balance_to_the_next(
    amounts: list[Decimal], opening: Decimal, digits: int
) -> None:
    closing = opening + sum(amounts, Decimal(0))
    moved = round_half_away(closing, digits) - round_half_away(opening, digits)
    if amounts:
        parts = round_parts(amounts, moved, digits)
        assert round_half_away(opening, digits) + sum(parts) == round_half_away(closing, digits)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=8), DIGITS)
def test_rounding_is_half_away_from_zero_and_odd(amount: Decimal, digits: int) -> None:
    rounded = round_half_away(amount, digits)
    assert abs(rounded - amount) <= Decimal(1).scaleb(-digits) / 2
    assert round_half_away(-amount, digits) == -rounded
    if abs(rounded - amount) == Decimal(1).scaleb(-digits) / 2:
        assert abs(rounded) > abs(amount)


def test_the_largest_remainders_are_rounded_up() -> None:
    parts = [Decimal("-10.0055"), Decimal("-0.0010"), Decimal("-0.7070")]
    assert round_parts(parts, Decimal("-10.71"), 2) == [
        Decimal("-10.00"),
        Decimal("0.00"),
        Decimal("-0.71"),
    ]


@pytest.mark.parametrize("total", ["1.00", "-3.00", "0.999"])
def test_a_total_that_is_not_the_parts_sum_is_refused(total: str) -> None:
    with pytest.raises(ValueError, match=r"do not add up|decimals"):
        round_parts([Decimal("0.10"), Decimal("0.20")], Decimal(total), 2)


def test_no_parts_carry_no_money() -> None:
    assert round_parts([], Decimal(0), 2) == []
    with pytest.raises(ValueError, match="do not add up"):
        round_parts([], Decimal("0.01"), 2)
