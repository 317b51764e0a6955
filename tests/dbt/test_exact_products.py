"""The macro that rounds products: whatever the factors, what exact arithmetic gives."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.dbt_runner import run_dbt
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt

_EXACT = Context(prec=80)
_EIGHT = Decimal("0.00000001")


@pytest.fixture(scope="module")
def product(empty_home: Path) -> str:
    """The macro's SQL on columns a and b."""
    command = ["compile", "--no-write-json", "--inline", '{{ product(["a", "b"], 38) }}']
    [node] = run_dbt(Settings(home=empty_home), command).nodes
    return node.compiled


def decimals(places: int, *limits: int) -> st.SearchStrategy[Decimal]:
    """Small and large numbers, and those whose last digits are on the edge of rounding."""
    unit = Decimal(1).scaleb(-places)
    return st.one_of(
        *(st.integers(-limit, limit).map(lambda whole: whole * unit) for limit in limits),
        st.integers(-(10**6), 10**6).map(lambda whole: (whole * Decimal("0.5")).quantize(unit)),
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(decimals(8, 10**6, 10**12, 10**15), decimals(12, 10**6, 10**13, 10**14)),
        min_size=1,
        max_size=200,
    )
)
def test_a_product_is_the_exact_one_rounded(
    product: str, rows: list[tuple[Decimal, Decimal]]
) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE factors (a DECIMAL(24, 8), b DECIMAL(24, 12))")
        con.executemany("INSERT INTO factors VALUES (?, ?)", rows)
        found = con.execute(f"SELECT a, b, {product} FROM factors").fetchall()
    for a, b, result in found:
        exact = _EXACT.multiply(a, b).quantize(_EIGHT, ROUND_HALF_UP, context=_EXACT)
        assert result == exact, (a, b)


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ("0.00000001", "0.5", "0.00000001"),
        ("-0.00000001", "0.5", "-0.00000001"),
        ("0.00000001", "0.499999999999", "0"),
        ("0.00000003", "0.5", "0.00000002"),
        ("999999999999.99999999", "999999.5", "999999499999999999.99000001"),
        (None, "1", None),
    ],
)
def test_halves_go_away_from_zero_and_large_amounts_are_exact(
    product: str, a: str | None, b: str, result: str | None
) -> None:
    factors = f"SELECT {'NULL' if a is None else a}::DECIMAL(24, 8) AS a, {b}::DECIMAL(24, 12) AS b"
    [(found,)] = duckdb.execute(f"SELECT {product} FROM ({factors})").fetchall()
    assert found == (None if result is None else Decimal(result))
