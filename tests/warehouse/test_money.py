"""Rounding and splitting, by their laws."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.money import format_money, minor_unit, round_half_away, split_amount

pytestmark = pytest.mark.unit

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=8)


@pytest.mark.parametrize(
    ("amount", "digits", "rounded"),
    [("0.005", 2, "0.01"), ("-0.005", 2, "-0.01"), ("2.5", 0, "3"), ("-2.5", 0, "-3")],
)
def test_halves_go_away_from_zero(amount: str, digits: int, rounded: str) -> None:
    assert round_half_away(Decimal(amount), digits) == Decimal(rounded)


@given(AMOUNTS, st.integers(0, 8))
def test_rounding_moves_by_half_a_unit_at_most(amount: Decimal, digits: int) -> None:
    moved = abs(round_half_away(amount, digits) - amount)
    assert moved <= Decimal(1).scaleb(-digits) / 2


@given(
    AMOUNTS,
    st.lists(st.decimals(min_value=0, max_value=1000, places=3), min_size=1, max_size=9).filter(
        lambda weights: sum(weights) > 0
    ),
    st.sampled_from([0, 2, 3, 8]),
)
def test_parts_add_up(total: Decimal, weights: list[Decimal], digits: int) -> None:
    parts = split_amount(total, weights, digits)
    assert sum(parts) == round_half_away(total, digits)
    assert len(parts) == len(weights)


def test_splitting_by_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not all zero"):
        split_amount(Decimal(1), [Decimal(0)], 2)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "USD", "1,234.50"),
        ("-1234.5", "JPY", "-1,235"),
        ("-0.001", "EUR", "0.00"),
        ("0.1234", "KWD", "0.123"),
    ],
)
def test_money_is_shown_in_its_minor_unit(amount: str, currency: str, text: str) -> None:
    assert format_money(Decimal(amount), currency) == text


def test_minor_units() -> None:
    assert [minor_unit(code) for code in ("USD", "JPY", "KWD", "BTC")] == [2, 0, 3, 8]
