"""The SQL of metrics against a reckoning in Python, over rows that chance made."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.make_metrics import made
from warehouse.errors import UsageError
from warehouse.metrics import DIMENSIONS, TIMES, definition, definitions, read_metric
from warehouse.metrics.statements import ratio_expression

pytestmark = pytest.mark.unit

D = Decimal
FIRST = dt.date(2026, 1, 30)
Row = tuple[dt.date, str, str, bool, Decimal | None, Decimal]

rows = st.lists(
    st.tuples(
        st.integers(0, 40).map(lambda days: FIRST + dt.timedelta(days=days)),
        st.sampled_from(["c1", "c2", "c3", "c4"]),
        st.sampled_from(["A", "B"]),
        st.booleans(),
        st.integers(-(10**12), 10**12).map(lambda n: D(n).scaleb(-4)),
        st.integers(0, 10**9).map(lambda n: D(n).scaleb(-2)),
    ),
    max_size=25,
)
ranges = st.tuples(st.integers(0, 40), st.integers(0, 20)).map(
    lambda given: (
        FIRST + dt.timedelta(days=given[0]),
        FIRST + dt.timedelta(days=given[0] + given[1]),
    )
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    measures = sorted(
        {
            word
            for one in definitions().values()
            for word in one.measure.split()
            if word.isidentifier() and word != "is_trading"
        }
    )
    with duckdb.connect(":memory:") as made_con:
        made_con.execute("ATTACH ':memory:' AS lake; CREATE SCHEMA lake.metrics")
        columns = ", ".join(f"{name} DECIMAL(38, 8) DEFAULT 0" for name in measures)
        texts = ", ".join(f"{name} VARCHAR" for name in set(DIMENSIONS.values()) - {"book"})
        made_con.execute(
            "CREATE TABLE lake.metrics.rpt_metrics__inputs (tenant_id VARCHAR, input VARCHAR, "
            f"business_date DATE, holder_key VARCHAR, book VARCHAR, {texts}, "
            f"is_trading BOOLEAN DEFAULT false, {columns})"
        )
        yield made_con


def lay(con: duckdb.DuckDBPyConnection, held: list[Row]) -> None:
    """The rows as facts of tenant ``t``, and the same again for another tenant."""
    con.execute("DELETE FROM lake.metrics.rpt_metrics__inputs")
    frame = pl.DataFrame(
        held,
        schema={
            "day": pl.Date,
            "holder": pl.String,
            "book": pl.String,
            "is_trading": pl.Boolean,
            "revenue": pl.Decimal(38, 8),
            "notional": pl.Decimal(38, 8),
        },
        orient="row",
    )
    con.register("held", frame)
    con.execute("""
        INSERT INTO lake.metrics.rpt_metrics__inputs (
            tenant_id, input, business_date, holder_key, book, is_trading, total_reporting,
            notional_reporting
        )
        SELECT tenant, input, day, holder, book, is_trading AND input = 'trades',
            CASE input WHEN 'pnl' THEN revenue ELSE 0 END,
            CASE input WHEN 'trades' THEN notional ELSE 0 END
        FROM held, (VALUES ('t'), ('other')) AS tenants (tenant),
            (VALUES ('pnl'), ('trades')) AS inputs (input)
    """)


def asked(con: duckdb.DuckDBPyConnection, name: str, *by: str, **days: dt.date) -> dict[Any, Any]:
    frame = read_metric(con, name, by=by, tenant="t", **days)
    keys = frame.select(by).rows() if by else [()]
    return dict(zip(keys, frame["value"], strict=True))


def rounded(above: Decimal, below: Decimal) -> Decimal | None:
    return (above / below).quantize(D("1e-8"), rounding=ROUND_HALF_UP) if below else None


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(held=rows, days=ranges)
def test_any_range_and_grain(
    con: duckdb.DuckDBPyConnection, held: list[Row], days: tuple[dt.date, dt.date]
) -> None:
    lay(con, held)
    first, last = days
    grouped: dict[Any, list[Row]] = defaultdict(list)
    for row in held:
        if first <= row[0] <= last:
            grouped[row[0].replace(day=1), row[2]].append(row)
    per_million = asked(con, "revenue_per_million", "month", "book", first=first, last=last)
    per_client = asked(con, "revenue_per_active_client", "month", "book", first=first, last=last)
    assert set(per_million) == set(per_client) == set(grouped)
    for key, part in grouped.items():
        revenue = sum((row[4] for row in part), D(0))
        clients = {row[1] for row in part if row[3]}
        assert per_million[key] == rounded(revenue * 10**6, sum((r[5] for r in part), D(0)))
        assert per_client[key] == rounded(revenue, D(len(clients)))
    whole = asked(con, "active_clients", first=first, last=last)[()]
    assert whole == len({row[1] for row in held if row[3] and first <= row[0] <= last})
    until = [row for row in held if row[0] <= last]
    value = rounded(sum((r[4] for r in until), D(0)), D(len({r[1] for r in until if r[3]})))
    assert asked(con, "lifetime_value", first=first, last=last)[()] == value
    running = asked(con, "lifetime_value", "day", "book", first=first, last=last)
    for (day, book), figure in running.items():
        so_far = [row for row in held if row[0] <= day and row[2] == book]
        clients = {row[1] for row in so_far if row[3]}
        assert figure == rounded(sum((r[4] for r in so_far), D(0)), D(len(clients)))


def test_one_unknown_amount_makes_the_sum_unknown_and_no_other(
    con: duckdb.DuckDBPyConnection,
) -> None:
    lay(con, [(FIRST, "c1", "A", True, None, D(5)), (FIRST, "c1", "B", True, D(7), D(5))])
    days = {"first": FIRST, "last": FIRST}
    assert asked(con, "net_revenue", **days) == {(): None}
    assert asked(con, "net_revenue", "book", **days) == {("A",): None, ("B",): D(7)}
    assert asked(con, "revenue_per_active_client", **days) == {(): None}
    assert asked(con, "lifetime_value", "day", **days) == {(FIRST,): None}
    assert asked(con, "traded_notional", **days) == {(): D(10)}


def test_nothing_is_zero_and_over_nothing_unknown(con: duckdb.DuckDBPyConnection) -> None:
    lay(con, [])
    for one in definitions().values():
        if one.kind != "cohort":
            value = asked(con, one.name, first=FIRST, last=FIRST)[()]
            assert value == (None if one.kind in ("ratio", "cumulative") else 0), one.name


@given(
    st.decimals(-(10**12), 10**12, places=8),
    st.decimals(-(10**6), 10**6, places=8).filter(lambda value: abs(value) > D("0.01")),
)
@settings(max_examples=40, deadline=None)
def test_a_ratio_is_right_in_every_decimal(above: Decimal, below: Decimal) -> None:
    with duckdb.connect(":memory:") as con:
        query = f"SELECT {ratio_expression('a', 'b')} FROM (SELECT {above}::DECIMAL(38, 8) AS a, "
        row = con.execute(query + f"{below}::DECIMAL(38, 8) AS b)").fetchone()
    assert row is not None
    assert abs(row[0] - above / below) <= D("1e-8")


def test_the_registry_is_whole() -> None:
    for one in definitions().values():
        assert set(one.dimensions) <= set(DIMENSIONS), one.name
        assert not set(one.dimensions) & set(TIMES)
        if one.kind in ("sum", "distinct"):
            assert one.measure
            continue
        above, below = definition(one.numerator), definition(one.denominator)
        # Both sides over the same rows, and asked only by what both allow.
        assert {*above.inputs, *below.inputs} <= set(one.inputs), one.name
        assert set(one.dimensions) <= set(above.dimensions) & set(below.dimensions), one.name
        assert above.factor is None
        assert below.factor is None


def test_what_follows_from_the_registry_is_fresh() -> None:
    for path, text in made().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make docs`"


def test_a_dimension_that_a_metric_does_not_allow_is_refused() -> None:
    with pytest.raises(UsageError, match="instrument"):
        definition("deposits").checked_dimensions(("instrument",))
    with pytest.raises(UsageError, match="twice"):
        definition("deals").checked_dimensions(("book", "book"))
    with pytest.raises(UsageError, match="net_revenue"):
        definition("revenue")
