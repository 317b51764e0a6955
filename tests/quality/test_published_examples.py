"""Published worked examples: those that follow from their inputs are reproduced, the others found.

The examples belong to others and are read where they lie; see published_examples.py.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.quality.published_examples import Reckoned, amount, reckon

pytestmark = pytest.mark.unit

D = Decimal


@pytest.fixture(scope="module")
def examples(reference_data: Path) -> list[dict[str, Any]]:
    path = reference_data / "cases" / "published_examples.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def reckoned(examples: list[dict[str, Any]]) -> list[Reckoned]:
    return [reckon(example) for example in examples]


def test_a_published_figure_is_reproduced_or_found_not_to_follow(
    examples: list[dict[str, Any]], reckoned: list[Reckoned]
) -> None:
    wrong = [
        f"{one.id} {one.topic}: published {one.published}, reckoned {one.figure}, "
        f"{'ties' if one.ties else 'does not tie'}"
        for example, one in zip(examples, reckoned, strict=True)
        if one.figure is not None and one.ties != example["ties"]
    ]
    assert wrong == []


def test_our_figure_is_the_one_recomputed_by_hand(
    examples: list[dict[str, Any]], reckoned: list[Reckoned]
) -> None:
    for example, one in zip(examples, reckoned, strict=True):
        if one.figure is not None and example.get("recomputed"):
            assert abs(abs(one.figure) - abs(amount(example["recomputed"]))) <= D("0.005"), one.id


def test_what_is_not_reckoned_has_a_reason(
    reckoned: list[Reckoned], capsys: pytest.CaptureFixture[str]
) -> None:
    covered = [one for one in reckoned if one.figure is not None]
    left_out = [one for one in reckoned if one.figure is None]
    with capsys.disabled():
        print(f"\n{len(covered)} of {len(reckoned)} published examples reckoned")
        for one in left_out:
            print(f"  {one.id} {one.topic}: {one.reason}")
    assert all(one.reason for one in left_out)
    # Prices, swap, conversion and commission by lot or share are ours to reckon.
    assert {"FX profit", "USDJPY swap in points", "per lot", "daily floor 4%",
            "daily floor compounding"} <= {one.topic for one in covered}  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "inputs", "figure"),
    [
        # 0.50 lots sold at 1.1050, bought back at 1.1000
        ("profit", {"side": "sell", "lots": 0.5, "open": 1.105, "close": 1.1}, "250"),
        ("profit", {"side": "long", "units": 100, "entry": 10, "exit": 9.5}, "-50"),
        # USDJPY: 100,000 x 0.50 yen, at 150 yen a dollar
        ("USDJPY profit", {"lots": 1, "open": 149.5, "close": 150, "usdjpy": 150}, "333.33333333"),
        ("GBPJPY profit", {"lots": 1, "open": 149.5, "close": 150, "jpyusd": 0.0066}, "330"),
        ("swap", {"pts": -5.2, "point": 0.00001, "lots": 2, "nights": 3}, "-31.2"),
        ("swap %", {"annual_pct": "2.5%", "price": 200, "units": 36, "nights": 2}, "1"),
        ("exchange", {"eur": "1,000.00 EUR", "rate": "1.0837"}, "1083.7"),
        ("revaluation", {"usd": 388, "reval": "93.9325", "paid": "94.125"}, "74.69"),
        ("commission", {"commission": "70 USD", "pct": "10%"}, "7"),
        (
            "statement",
            {"prev_balance": 1000, "deposit": 500, "withdrawal": 200, "swap": -1.5, "profit": 20},
            "1318.5",
        ),
        ("equity", {"balance": 1000, "credit": 50, "floating": -20.5}, "1029.5"),
        ("daily floor 5%", {"balance": 200000}, "190000"),
    ],
)  # fmt: skip
def test_rules(topic: str, inputs: dict[str, Any], figure: str) -> None:
    one = reckon({"id": "x", "topic": topic, "inputs": inputs, "published": figure})
    assert one.figure == D(figure), one.reason


@pytest.mark.parametrize(
    ("topic", "inputs", "reason"),
    [
        ("spread share", {"lots": 5, "spread": 13.6, "grade_pct": "30%"}, "partner engine"),
        ("operating income", {}, "no inputs"),
        ("profit", {"open": 1, "close": 2, "lots": 1, "discount": 3}, "discount"),
        ("margin", {"lots": 1, "leverage": 100}, "margin"),
        ("daily floor", {"balance": 105000}, "which part"),
        ("netting", {"buy": 1.5, "sells": [0.4, 0.6]}, "no single number"),
    ],
)
def test_what_is_not_understood_is_left_out(
    topic: str, inputs: dict[str, Any], reason: str
) -> None:
    one = reckon({"id": "x", "topic": topic, "inputs": inputs, "published": "1"})
    assert one.figure is None
    assert reason in one.reason


def test_a_figure_ten_times_too_large_does_not_tie() -> None:
    given = {"pts": 16.4, "point": 0.001, "jpyusd": 0.006733}
    one = reckon({"id": "x", "topic": "USDJPY swap", "inputs": given, "published": "110.42"})
    assert one.figure == D("11.0421200")
    assert not one.ties
