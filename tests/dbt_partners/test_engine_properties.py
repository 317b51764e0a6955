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


@st.composite
def disputes(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Deposits, and what their provider says of each: taken, won back, taken again, in turn."""
    deposits: list[Row] = []
    lines: list[Row] = []
    for number in range(draw(st.integers(1, 3))):
        day = draw(days)
        deposits.append(
            {"deal_key": f"m{number}", "business_date": day, "kind": "deposit",
             "executed_at_utc": dt.datetime.combine(day, dt.time(1)), "amount_reporting": 100,
             "request_id": f"R{number}", "psp_reference": ""}
        )  # fmt: skip
        later = sorted(draw(st.lists(st.integers(0, 4), max_size=3, unique=True)))
        for turn, after in enumerate(later):
            told = day + dt.timedelta(days=after)
            lines.append(
                {"case_id": f"X{number}", "request_id": f"R{number}", "business_date": told,
                 "happened_at_utc": dt.datetime.combine(told, dt.time(9)),
                 "amount": 100 if turn % 2 else -100}
            )  # fmt: skip
    return deposits, lines


def stands(day: dt.date, deposits: list[Row], lines: list[Row], reach: int | None) -> bool:
    """Whether a chargeback takes back what the client traded on a day, said in another way."""
    for deposit in deposits:
        told = [line for line in lines if line["request_id"] == deposit["request_id"]]
        if not told or told[-1]["amount"] > 0:
            continue
        charged: dt.date = told[-1]["business_date"]
        first: dt.date = deposit["business_date"]
        if reach is not None:
            first = max(first, charged - dt.timedelta(days=reach))
        if first <= day <= charged:
            return True
    return False


@settings(TRIES, max_examples=40)
@given(
    deals=trades(),
    dispute=disputes(),
    reach=st.none() | st.integers(1, 3),
    decided=st.none() | days,
)
def test_chargebacks_take_back_the_days_they_funded_and_no_others(
    books: MemoryPartners,
    deals: list[Row],
    dispute: tuple[list[Row], list[Row]],
    reach: int | None,
    decided: dt.date | None,
) -> None:
    direct: Row = {"agreement_id": "A0", "currency": "USD", "rate": 1,
                   "clawback_on_chargeback": True, "clawback_days": reach}  # fmt: skip
    above: Row = {"agreement_id": "A1", "partner_id": "P2", "level": 1, "currency": "USD",
                  "rate": 1}  # fmt: skip
    decisions: list[Row] = []
    if decided is not None:
        decisions = [{"clawback_id": "CB1", "client_id": "C1", "cause": "fraud",
                      "valid_from": decided,
                      "valid_to": decided + dt.timedelta(days=2)}]  # fmt: skip
    books.lay(
        can_accounts=[ACCOUNT], crm_partner_tree=CHAIN, can_deals=deals,
        crm_partner_agreements=[direct, above], crm_partner_clawbacks=decisions,
        can_cash_movements=dispute[0], int_payments__costs_stated=dispute[1],
    )  # fmt: skip
    expected = {}
    for deal in deals:
        day = deal["business_date"]
        by_people = decided is not None and 0 <= (day - decided).days < 2
        by_provider = stands(day, *dispute, reach)
        for level, taken in ((0, by_people or by_provider), (1, by_people)):
            expected[deal["deal_key"], level] = Decimal(0) if taken else deal["volume_closed_lots"]
    assert {
        (key, level): amount
        for key, level, amount in books.due("deal_key, level, amount")
        if level < 2
    } == expected
