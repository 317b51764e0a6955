"""What must hold whatever is traded and agreed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_partners.memory_partners import (
    ACCOUNT,
    CHAIN,
    MemoryPartners,
    Row,
    lots,
)

pytestmark = [pytest.mark.dbt, pytest.mark.slow]
TRIES = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


cents = st.integers(1, 2000).map(lambda units: Decimal(units) / 100)
days = st.integers(3, 8).map(lambda day: dt.date(2026, 8, day))


@st.composite
def trades(draw: st.DrawFn) -> list[Row]:
    return [
        lots(
            number, str(draw(cents)), business_date=draw(days),
            side=draw(st.sampled_from(["buy", "sell"])),
            commission_amount=-draw(cents), market_spread_price=Decimal("0.00013"),
            closed_pnl_amount=draw(st.integers(-500, 500)),
        )
        for number in range(1, draw(st.integers(2, 8)))
    ]  # fmt: skip


def tiers(agreement: str, bounds: list[Decimal], rates: list[Decimal]) -> list[Row]:
    lower = [Decimal(0), *sorted(bounds)]
    return [
        {"agreement_id": agreement, "lower_bound": low,
         "upper_bound": lower[place + 1] if place + 1 < len(lower) else None, "rate": rates[place]}
        for place, low in enumerate(lower)
    ]  # fmt: skip


@st.composite
def agreed(draw: st.DrawFn, mode: str) -> tuple[list[Row], list[Row]]:
    """A tiered rate of the direct partner, and overrides of four levels."""
    model = draw(st.sampled_from(["per_lot", "commission_share", "spread_share", "revenue_share"]))
    scale = Decimal(1) if model == "per_lot" else Decimal("0.01")
    direct: Row = {"agreement_id": "A0", "model": model, "currency": "USD", "rate": 1,
                   "tier_basis": "closed_lots", "tier_mode": mode,
                   "nets_hedges": draw(st.booleans())}  # fmt: skip
    if draw(st.booleans()):
        direct["trade_cap_amount"] = draw(cents)
    if draw(st.booleans()):
        direct["period_cap_amount"] = draw(cents)
    overrides = [
        {"agreement_id": f"A{level}", "partner_id": f"P{level + 1}", "level": level,
         "model": model, "currency": "USD", "rate": draw(cents) * scale / 4,
         "override_convention": draw(st.sampled_from(["carved_out", "additive"]))}
        for level in range(1, 5)
    ]  # fmt: skip
    bounds = draw(st.lists(cents, min_size=1, max_size=3, unique=True))
    rates = [draw(cents) * scale for _ in range(len(bounds) + 1)]
    return [direct, *overrides], tiers("A0", bounds, rates)


def lay(books: MemoryPartners, deals: list[Row], terms: tuple[list[Row], list[Row]]) -> None:
    books.lay(
        can_accounts=[ACCOUNT],
        can_account_books=[{"account_key": "t/s/1", "book": "B", "valid_from": "2026-01-01"}],
        crm_partner_tree=CHAIN,
        can_deals=deals,
        crm_partner_agreements=terms[0],
        crm_partner_tiers=terms[1],
    )


def of_days(books: MemoryPartners) -> list[tuple[Any, ...]]:
    return books.con.execute(
        "SELECT business_date, partner_id, model, sum(amount) "
        "FROM intermediate.int_partners__commissions_targeted GROUP BY ALL ORDER BY ALL"
    ).fetchall()


@TRIES
@given(deals=trades(), terms=agreed("marginal"))
def test_the_parts_of_a_trade_are_the_whole(
    books: MemoryPartners, deals: list[Row], terms: tuple[list[Row], list[Row]]
) -> None:
    lay(books, deals, terms)
    wrong = books.con.execute("""
        SELECT priced.deal_key, sum(priced.base_quantity), any_value(whole.base_quantity)
        FROM intermediate.int_partners__lines_priced AS priced
        JOIN intermediate.int_partners__lines_priced AS whole
            ON whole.deal_key = priced.deal_key AND whole.level = 1
        WHERE priced.level = 0 AND priced.reason IS NULL AND whole.reason IS NULL
        GROUP BY priced.deal_key
        HAVING sum(priced.base_quantity) <> any_value(whole.base_quantity)
    """).fetchall()
    assert wrong == []


@TRIES
@given(deals=trades(), terms=agreed("marginal"))
def test_carved_out_overrides_never_pay_more_than_the_master_rate(
    books: MemoryPartners, deals: list[Row], terms: tuple[list[Row], list[Row]]
) -> None:
    lay(books, deals, terms)
    carved = [row["agreement_id"] for row in terms[0] if row.get("override_convention")
              == "carved_out"]  # fmt: skip
    wrong = books.con.execute(
        """
        SELECT deal_key, sum(amount) AS shared,
            sum(CASE WHEN level = 0 THEN accrued_amount ELSE 0 END) AS master
        FROM intermediate.int_partners__commissions_targeted
        WHERE level = 0 OR list_contains($carved, agreement_id)
        GROUP BY deal_key
        HAVING abs(sum(amount)) > abs(sum(CASE WHEN level = 0 THEN accrued_amount ELSE 0 END))
        """,
        {"carved": carved},
    ).fetchall()
    assert wrong == []


@TRIES
@given(deals=trades(), terms=agreed("retroactive"), data=st.data())
def test_the_order_of_trades_within_a_day_does_not_matter(
    books: MemoryPartners,
    deals: list[Row],
    terms: tuple[list[Row], list[Row]],
    data: st.DataObject,
) -> None:
    # What a cap of the month leaves of a shared trade goes by the order, as a marginal tier does.
    terms[0][0].pop("period_cap_amount", None)
    lay(books, deals, terms)
    before = of_days(books)
    instants = data.draw(st.permutations([deal["executed_at_utc"] for deal in deals]))
    moved = [
        {**deal, "executed_at_utc": instant} for deal, instant in zip(deals, instants, strict=True)
    ]
    lay(books, moved, terms)
    assert of_days(books) == before


@TRIES
@given(deals=trades(), cap=cents)
def test_a_cap_of_the_month_pays_as_much_in_any_order(
    books: MemoryPartners, deals: list[Row], cap: Decimal
) -> None:
    terms: Row = {"agreement_id": "A0", "currency": "USD", "rate": 3, "period_cap_amount": cap}
    lay(books, deals, ([terms], []))
    whole = sum((deal["volume_closed_lots"] for deal in deals), Decimal(0)) * 3
    assert books.total() == min(whole, cap)
    days_paid = of_days(books)
    turned = [{**deal, "executed_at_utc": other["executed_at_utc"]}
              for deal, other in zip(deals, reversed(deals), strict=True)]  # fmt: skip
    lay(books, turned, ([terms], []))
    assert of_days(books) == days_paid


@TRIES
@given(deals=trades(), terms=agreed("marginal"))
def test_a_replay_of_unchanged_agreements_changes_nothing(
    books: MemoryPartners, deals: list[Row], terms: tuple[list[Row], list[Row]]
) -> None:
    lay(books, deals, terms)
    first = books.due("deal_key, partner_id, level, model, tier, amount, reason")
    lay(books, list(reversed(deals)), (list(reversed(terms[0])), list(reversed(terms[1]))))
    assert books.due("deal_key, partner_id, level, model, tier, amount, reason") == first
