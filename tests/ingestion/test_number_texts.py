"""Numbers as people's programs print them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.connectors.number_texts import Mark, decimal_mark, plain_number

pytestmark = pytest.mark.unit


def read(text: str | None, mark: Mark) -> str | None:
    """One text through the expression."""
    value: Any = pl.select(plain_number(pl.lit(text, dtype=pl.String), mark)).item()
    return value


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234,567.5", ".", "1234567.5"),
        ("1 234.5", ".", "1234.5"),
        ("1\u00a0234\u202f567,5", ",", "1234567.5"),
        ("1'234.50", ".", "1234.50"),
        ("1.234,5", ",", "1234.5"),
        ("\u2212 12", ".", "-12"),
        ("+7", ".", "7"),
        ("(12.50)", ".", "-12.50"),
        ("12,50-", ",", "-12.50"),
        ("5.", ".", "5."),
        (None, ".", None),
    ],
)
def test_a_number_is_read_with_its_mark(text: str | None, mark: Mark, number: str | None) -> None:
    assert read(text, mark) == number


@pytest.mark.parametrize(
    ("text", "mark"),
    [("1.5", ","), ("1,5", "."), ("1,23,4", "."), ("12,34.5", "."), ("1e5", "."), ("n/a", "."),
     ("1.2.3", ".")],
)  # fmt: skip
def test_what_is_no_number_with_that_mark_cannot_be_taken_for_one(text: str, mark: Mark) -> None:
    marked = read(text, mark)
    assert marked is not None
    assert text in marked
    assert pl.Series([marked]).cast(pl.Decimal(24, 8), strict=False)[0] is None


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1", "2.5"], "."),
        (["1", "2,5"], ","),
        (["1,234", "2.50"], "."),
        (["1.234", "2,50"], ","),
        (["1.234"], "."),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["0,123"], ","),
        (["1 234", None, ""], "."),
        (["1,234"], None),
        (["2,5", "2.5"], None),
        ([], "."),
    ],
)
def test_the_mark_is_told_from_cells_that_read_one_way_only(
    cells: list[str | None], mark: Mark | None
) -> None:
    assert decimal_mark(pl.Series(cells, dtype=pl.String)).mark == mark


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=4),
    st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "\u00a0")]),
)
def test_any_amount_comes_back_as_it_was_printed(amount: Decimal, marks: tuple[str, str]) -> None:
    mark, group = marks
    printed = f"{amount:,.4f}".translate(str.maketrans({",": group, ".": mark}))
    found = read(printed, "." if mark == "." else ",")
    assert found is not None
    assert Decimal(found) == amount
