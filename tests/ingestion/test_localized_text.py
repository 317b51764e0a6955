"""Numbers, dates and zones as locales write them."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.connectors.localized_text import (
    UNREADABLE,
    DateOrder,
    date_order,
    date_text,
    decimal_mark,
    decimal_text,
    iana_zone,
)

pytestmark = pytest.mark.unit


def read(text: str | None, decimal: str = ",", thousands: str = ".") -> str | None:
    frame = pl.DataFrame({"x": [text]}, schema={"x": pl.String})
    return frame.select(decimal_text(pl.col("x"), decimal, thousands)).item()


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "expected"),
    [
        ("-1.058,09", ",", ".", "-1058.09"),
        ("4.654,44", ",", ".", "4654.44"),
        ("1,058.09", ".", ",", "1058.09"),
        ("1058.09", ".", ",", "1058.09"),
        ("12,00-", ",", ".", "-12.00"),
        ("(1,058.09)", ".", ",", "-1058.09"),
        ("\u22121\u202f058,09", ",", "", "-1058.09"),
        ("1'058.09", ".", "", "1058.09"),
        ("1 058,09", ",", ".", "1058.09"),
        ("+5", ",", ".", "5"),
        (",5", ",", ".", "0.5"),
        ("5,", ",", ".", "5"),
        ("", ",", ".", None),
        ("  ", ",", ".", None),
        (None, ",", ".", None),
    ],
)
def test_a_localized_number_is_read_exactly(
    text: str | None, decimal: str, thousands: str, expected: str | None
) -> None:
    assert read(text, decimal, thousands) == expected


@pytest.mark.parametrize(
    "text", ["1.23", "1.2345,00", "1,2,3", "EUR 5", "-", "5-5", "--5", "1..000"]
)
def test_what_is_no_number_of_the_locale_is_marked_and_not_read(text: str) -> None:
    assert read(text) == UNREADABLE + text


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_any_amount_survives_both_locales(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text, decimal, thousands in ((english, ".", ","), (german, ",", ".")):
        plain = read(text, decimal, thousands)
        assert plain is not None
        assert Decimal(plain) == amount


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.234,50", "7"], ","),
        (["1,234.50"], "."),
        (["1.234.567", "0,5"], ","),
        (["-0,00"], ","),
        (["1,234", "12"], ""),
        (["1,23", "1.23"], "mixed"),
        ([None, ""], ""),
    ],
)
def test_the_decimal_mark_is_what_the_column_proves(texts: list[str], expected: str) -> None:
    assert decimal_mark(pl.Series(texts, dtype=pl.String)) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1/2/2020", "13/2/2020"], "dmy"),
        (["1/2/2020", "2/13/2020"], "mdy"),
        (["2020-02-01"], "ymd"),
        (["01.02.2020"], "dmy"),
        (["1/2/2020", "3/3/2020"], ""),
        (["13/2/2020", "2/13/2020"], "mixed"),
        ([], ""),
    ],
)
def test_the_order_of_day_and_month_is_what_the_column_proves(
    texts: list[str], expected: str
) -> None:
    assert date_order(pl.Series(texts, dtype=pl.String)) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2/1/2020", "dmy", "2020-01-02"),
        ("2/1/2020", "mdy", "2020-02-01"),
        ("02.01.20", "dmy", "2020-01-02"),
        ("2020-1-2", "ymd", "2020-01-02"),
        ("31/02/2020", "dmy", UNREADABLE + "31/02/2020"),
        ("soon", "dmy", UNREADABLE + "soon"),
        ("", "dmy", None),
        (None, "dmy", None),
    ],
)
def test_a_localized_date_is_read(text: str | None, order: DateOrder, expected: str | None) -> None:
    frame = pl.DataFrame({"x": [text]}, schema={"x": pl.String})
    assert frame.select(date_text(pl.col("x"), order)).item() == expected


def test_zone_names_become_iana_zones() -> None:
    names = pl.DataFrame({"x": ["PST", "PDT", "CET", "Europe/Berlin", "CST", "BST", None]})
    zones = names.select(iana_zone(pl.col("x"), {"BST": "Europe/London"})).to_series().to_list()
    assert zones == [
        "Etc/GMT+8", "Etc/GMT+7", "Europe/Brussels", "Europe/Berlin", None, "Europe/London", None,
    ]  # fmt: skip
