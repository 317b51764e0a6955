"""How figures and files are written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from dashboards.figures import csv_bytes, metric_text, rounded, styled_exact
from dashboards.queries.scope import Choice
from dashboards.serve import serve_command
from warehouse.settings import Settings

pytestmark = pytest.mark.unit


def test_losses_are_red_and_keep_their_minus() -> None:
    assert metric_text(Decimal("-1234.565"), "USD") == ":red[-1,234.57]"
    assert metric_text(Decimal("1234.5"), "JPY") == "1,235"
    assert metric_text(Decimal("-0.001"), "USD") == "0.00"
    assert metric_text(None, "USD") == "-"


def test_money_is_rounded_half_away_from_zero_before_it_becomes_a_float() -> None:
    frame = pl.DataFrame(
        {"amount": [Decimal("0.125"), Decimal("-0.125"), Decimal("2.675"), None]},
        schema={"amount": pl.Decimal(38, 8)},
    )
    assert rounded(frame, 2, ["amount"])["amount"].to_list() == [0.13, -0.13, 2.68, None]


def test_a_file_keeps_every_digit_and_defuses_formulas() -> None:
    frame = pl.DataFrame(
        {
            "day": [dt.date(2026, 10, 30)],
            "amount": [Decimal("-1234567890123456.12345678")],
            "comment": ['=HYPERLINK("http://example.test")'],
            "nothing": [None],
        },
        schema_overrides={"amount": pl.Decimal(38, 8)},
    )
    assert csv_bytes(frame).decode() == (
        "day,amount,comment,nothing\n"
        "2026-10-30,-1234567890123456.12345678,"
        '"\'=HYPERLINK(""http://example.test"")",\n'
    )


def test_ids_are_not_separated_and_decimals_are_shown_in_full() -> None:
    frame = pl.DataFrame(
        {"login": [100001], "rate": [Decimal("-1234.50000000")]},
        schema_overrides={"rate": pl.Decimal(24, 8)},
    )
    html = styled_exact(frame).to_html()
    assert ">100001<" in html
    assert ">-1,234.5<" in html


def test_a_row_narrows_the_choice_to_what_it_stands_for() -> None:
    choice = Choice(dt.date(2026, 10, 1), dt.date(2026, 10, 31), books=("A", "B"))
    day = dt.date(2026, 10, 5)
    narrow = choice.narrowed(day=day).narrowed(book="B").narrowed(symbol="")
    assert (narrow.first, narrow.last, narrow.books, narrow.symbols) == (day, day, ("B",), ("",))


def test_the_app_is_started_for_this_machine_only() -> None:
    command = serve_command(Settings(), port=8777)
    assert command[command.index("--server.address") + 1] == "127.0.0.1"
    assert command[command.index("--server.port") + 1] == "8777"
    assert command[command.index("--browser.gatherUsageStats") + 1] == "false"
