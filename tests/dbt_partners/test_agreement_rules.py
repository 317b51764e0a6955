"""Each rule of an agreement, reckoned with a pencil."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from tests.dbt_partners.memory_partners import (
    ACCOUNT,
    CHAIN,
    DAY,
    MemoryPartners,
    Row,
    lots,
)

pytestmark = [pytest.mark.dbt, pytest.mark.slow]


def one(books: MemoryPartners, deals: list[Row], *agreements: Row, **tables: list[Row]) -> None:
    """A client of P1, whose parents are P2 to P5, his trades and the agreements."""
    books.lay(
        can_accounts=tables.pop("can_accounts", [ACCOUNT]),
        crm_partner_tree=tables.pop("crm_partner_tree", CHAIN),
        can_deals=deals,
        crm_partner_agreements=[
            {"agreement_id": f"A{number}", **agreement}
            for number, agreement in enumerate(agreements, start=1)
        ],
        **tables,
    )


def amounts(books: MemoryPartners) -> list[str]:
    return [f"{amount:f}".rstrip("0").rstrip(".") for (amount,) in books.due("amount") if amount]


def reasons(books: MemoryPartners) -> list[str | None]:
    return [reason for (reason,) in books.due("reason")]


LOT: Row = {"model": "per_lot", "rate": 7, "currency": "USD"}


def test_every_model_has_its_base(books: MemoryPartners) -> None:
    deal = lots(
        1, "2", price=Decimal("1.1"), market_spread_price=Decimal("0.00012"),
        commission_amount=-14, closed_pnl_amount=-100, swap_amount=-5, fee_amount=-1,
    )  # fmt: skip
    one(
        books, [deal], LOT,
        {"model": "per_million", "rate": 10, "currency": "EUR"},
        {"model": "spread_share", "rate": "0.5"},
        {"model": "markup_share", "rate": "0.5", "markup_points": 8},
        {"model": "commission_share", "rate": "0.25"},
        {"model": "revenue_share", "rate": "0.1", "currency": "EUR"},
        can_account_books=[{"account_key": "t/s/1", "book": "B", "valid_from": "2026-01-01"}],
    )  # fmt: skip
    found = books.due("model, base_quantity::VARCHAR, amount::VARCHAR, amount_currency")
    assert [row for row in found if row[0] is not None] == [
        ("commission_share", "14.00000000", "3.50000000", "USD"),
        ("markup_share", "16.00000000", "8.00000000", "USD"),
        ("per_lot", "2.00000000", "14.00000000", "USD"),
        # 200,000 EUR at 1.1 are 220,000 USD, 176,000 EUR
        ("per_million", "0.17600000", "1.76000000", "EUR"),
        # the client lost 100 + 5 + 14 + 1 USD, 96 EUR
        ("revenue_share", "96.00000000", "9.60000000", "EUR"),
        ("spread_share", "24.00000000", "12.00000000", "USD"),
    ]


def test_a_client_who_wins_takes_revenue_back(books: MemoryPartners) -> None:
    one(
        books, [lots(1, "1", closed_pnl_amount=200)], {"model": "revenue_share", "rate": "0.1"},
        can_account_books=[{"account_key": "t/s/1", "book": "B", "valid_from": "2026-01-01"}],
    )  # fmt: skip
    assert amounts(books) == ["-20"]


def test_the_a_book_earns_its_charges_alone(books: MemoryPartners) -> None:
    one(
        books, [lots(1, "1", closed_pnl_amount=200, commission_amount=-7)],
        {"model": "revenue_share", "rate": "0.5"},
        can_account_books=[{"account_key": "t/s/1", "book": "A", "valid_from": "2026-01-01"}],
    )  # fmt: skip
    assert amounts(books) == ["3.5"]


def test_retroactive_tiers_pay_the_rate_reached_for_the_whole_month(books: MemoryPartners) -> None:
    tiers: list[Row] = [
        {"agreement_id": "A1", "lower_bound": 0, "upper_bound": 10, "rate": 5},
        {"agreement_id": "A1", "lower_bound": 10, "rate": 8},
    ]
    terms = {**LOT, "tier_basis": "closed_lots", "tier_mode": "retroactive"}
    later = {"business_date": dt.date(2026, 8, 20)}
    one(books, [lots(1, "4"), lots(2, "5.99", **later)], terms, crm_partner_tiers=tiers)
    assert amounts(books) == ["20", "29.95"]
    one(books, [lots(1, "4"), lots(2, "6", **later)], terms, crm_partner_tiers=tiers)
    assert amounts(books) == ["32", "48"]
    september = {"business_date": dt.date(2026, 9, 1)}
    one(books, [lots(1, "4"), lots(2, "6", **september)], terms, crm_partner_tiers=tiers)
    assert amounts(books) == ["20", "30"]


def test_marginal_tiers_cut_the_trade_that_passes_the_bound(books: MemoryPartners) -> None:
    tiers: list[Row] = [
        {"agreement_id": "A1", "lower_bound": 0, "upper_bound": 10, "rate": 5},
        {"agreement_id": "A1", "lower_bound": 10, "upper_bound": 12, "rate": 6},
        {"agreement_id": "A1", "lower_bound": 12, "rate": 8},
    ]
    terms = {**LOT, "tier_basis": "closed_lots", "tier_mode": "marginal"}
    deals = [
        lots(1, "8", business_date=dt.date(2026, 8, 3)),
        lots(2, "1", business_date=dt.date(2026, 8, 4)),
        lots(3, "4", business_date=dt.date(2026, 8, 4)),
        lots(4, "1", business_date=dt.date(2026, 8, 5)),
    ]
    one(books, deals, terms, crm_partner_tiers=tiers)
    found = books.due("deal_key, tier, base_quantity::DECIMAL(9, 2)::VARCHAR, amount::INTEGER")
    assert [row for row in found if row[1] is not None] == [
        ("d001", 1, "8.00", 40),
        ("d002", 1, "1.00", 5),
        ("d003", 1, "1.00", 5),
        ("d003", 2, "2.00", 12),
        ("d003", 3, "1.00", 8),
        ("d004", 3, "1.00", 8),
    ]


def test_tiers_by_active_clients(books: MemoryPartners) -> None:
    tiers: list[Row] = [
        {"agreement_id": "A1", "lower_bound": 0, "upper_bound": 2, "rate": 5},
        {"agreement_id": "A1", "lower_bound": 2, "rate": 9},
    ]
    terms = {**LOT, "tier_basis": "active_clients", "tier_mode": "retroactive"}
    accounts = [ACCOUNT, {"account_key": "t/s/2", "client_key": "t/C2"}]
    tree = [*CHAIN, {"child_id": "C2", "parent_partner_id": "P1"}]
    both = [lots(1, "1"), lots(2, "1", account_key="t/s/2")]
    one(books, both, terms, crm_partner_tiers=tiers, can_accounts=accounts, crm_partner_tree=tree)
    assert amounts(books) == ["9", "9"]
    one(
        books, [lots(1, "1"), lots(2, "1")], terms,
        crm_partner_tiers=tiers, can_accounts=accounts, crm_partner_tree=tree,
    )  # fmt: skip
    assert amounts(books) == ["5", "5"]


def test_a_tiered_agreement_without_tiers_says_so(books: MemoryPartners) -> None:
    one(books, [lots(1, "1")], {**LOT, "tier_basis": "closed_lots", "tier_mode": "marginal"})
    assert amounts(books) == []
    assert "the agreement has no valid tiers" in reasons(books)


def test_five_levels_are_paid_and_carved_out_overrides_share_the_direct_rate(
    books: MemoryPartners,
) -> None:
    carved = {"currency": "USD", "override_convention": "carved_out"}
    overrides: list[Row] = [
        {"partner_id": "P2", "level": 1, "rate": 2, **carved},
        {"partner_id": "P3", "level": 2, "rate": 4, **carved},
        {"partner_id": "P4", "level": 3, "rate": 3, **carved},
        {"partner_id": "P5", "level": 4, "rate": 1, "currency": "USD"},
    ]
    one(books, [lots(1, "1")], LOT, *overrides)
    found = books.due("partner_id, partner_path, amount::VARCHAR, carved_amount::VARCHAR, reason")
    assert [(row[0], row[2], row[3]) for row in found] == [
        ("P1", "0.00000000", "-7.00000000"),
        ("P2", "2.00000000", "0.00000000"),
        ("P3", "4.00000000", "0.00000000"),
        ("P4", "1.00000000", "-2.00000000"),
        ("P5", "1.00000000", "0.00000000"),
    ]
    assert found[0][4] == "all of it goes to the partners above"
    assert found[4][1] == "P1 > P2 > P3 > P4 > P5"


def test_nothing_is_carved_out_of_a_rate_in_another_currency(books: MemoryPartners) -> None:
    override = {"partner_id": "P2", "level": 1, "rate": 2, "currency": "EUR",
                "override_convention": "carved_out"}  # fmt: skip
    one(books, [lots(1, "1")], LOT, override)
    assert amounts(books) == ["7"]
    assert "nothing of the direct partner's amount is left to carve out" in reasons(books)


def test_caps_of_a_trade_and_of_a_month(books: MemoryPartners) -> None:
    deals = [lots(1, "1"), lots(2, "3"), lots(3, "1"), lots(4, "1")]
    one(books, deals, {**LOT, "trade_cap_amount": 10, "period_cap_amount": 20})
    assert amounts(books) == ["7", "10", "3"]
    assert "the cap of the month is reached" in reasons(books)


def test_short_trades_pay_nothing(books: MemoryPartners) -> None:
    opened = lots(1, "0", entry="in", volume_lots=1, position_id=9)
    closed = lots(60, "1", position_id=9)
    for seconds, paid in ((60, []), (59, ["7"])):
        one(books, [opened, closed], {**LOT, "minimum_seconds": seconds})
        assert amounts(books) == paid
    one(books, [opened, closed], {**LOT, "minimum_seconds": 60})
    assert "held 59 seconds, 60 are needed" in reasons(books)


def test_what_a_bonus_carried_counts_for_nothing(books: MemoryPartners) -> None:
    for balance, paid in ((300, ["5.25"]), (0, [])):
        day = {"account_key": "t/s/1", "business_date": DAY, "opening_balance_amount": balance,
               "opening_credit_amount": 100}  # fmt: skip
        one(books, [lots(1, "1")], {**LOT, "excludes_bonus": True}, fct_account_days=[day])
        assert amounts(books) == paid
    assert "carried by a bonus alone" in reasons(books)


def test_cent_lots_count_a_hundredth(books: MemoryPartners) -> None:
    cents = {**ACCOUNT, "money_divisor": 100}
    deal = lots(1, "50", market_spread_price=Decimal("0.0001"))
    one(books, [deal], LOT, {"model": "spread_share", "rate": 1}, can_accounts=[cents])
    assert amounts(books) == ["3.5", "5"]


def test_rounding_per_trade_is_half_away_from_zero(books: MemoryPartners) -> None:
    one(books, [lots(1, "0.015"), lots(2, "0.0001")], {**LOT, "rate": 1, "rounding": "trade"})
    assert amounts(books) == ["0.02"]
    assert "rounds to nothing" in reasons(books)
    one(books, [lots(1, "0.015"), lots(2, "0.0001")], {**LOT, "rate": 1})
    assert amounts(books) == ["0.015", "0.0001"]


def test_clawed_back_trades_pay_nothing(books: MemoryPartners) -> None:
    decision = {"clawback_id": "CB1", "client_id": "C1", "cause": "chargeback",
                "valid_from": DAY, "valid_to": DAY + dt.timedelta(days=1)}  # fmt: skip
    later = lots(2, "1", business_date=DAY + dt.timedelta(days=1))
    one(books, [lots(1, "1"), later], LOT, crm_partner_clawbacks=[decision, {**decision,
        "clawback_id": "CB2", "cause": "fraud"}])  # fmt: skip
    assert amounts(books) == ["7"]
    assert "clawed back: chargeback (CB1)" in reasons(books)


def charged_back(day: dt.date, amount: str = "-100", case: str = "X", **other: str) -> Row:
    """What a provider states of the deposit of request R1, or that it is won back."""
    return {
        "case_id": case, "business_date": day, "amount": Decimal(amount),
        "happened_at_utc": dt.datetime.combine(day, dt.time(9)), "request_id": "R1", **other,
    }  # fmt: skip


DEPOSIT: Row = {
    "deal_key": "m1", "business_date": DAY, "kind": "deposit", "amount_reporting": 100,
    "executed_at_utc": dt.datetime(2026, 8, 3, 1), "request_id": "R1", "psp_reference": "ch_1",
}  # fmt: skip
CLAWED: Row = {**LOT, "clawback_on_chargeback": True}


def on(*days: int) -> list[Row]:
    """A lot closed on each of these days of August."""
    return [lots(day, "1", business_date=dt.date(2026, 8, day)) for day in days]


def paid_days(books: MemoryPartners) -> list[int]:
    return [day for day, amount in books.due("day(business_date), amount") if amount]


def test_a_providers_chargeback_claws_back_what_the_deposit_funded(books: MemoryPartners) -> None:
    tables = {"can_cash_movements": [DEPOSIT],
              "int_payments__costs_stated": [charged_back(dt.date(2026, 8, 10))]}  # fmt: skip
    deals = on(2, 3, 10, 11)
    one(books, deals, CLAWED, **tables)
    assert paid_days(books) == [2, 11]
    assert reasons(books).count("clawed back: chargeback (psp/X)") == 2
    one(books, deals, LOT, **tables)
    assert paid_days(books) == [2, 3, 10, 11]
    one(books, deals, {**CLAWED, "clawback_days": 1}, **tables)
    assert paid_days(books) == [2, 3, 11]
    override = {"partner_id": "P2", "level": 1, "rate": 1, "currency": "USD"}
    one(books, deals, CLAWED, override, **tables)
    assert paid_days(books) == [2, 2, 3, 10, 11, 11]


def test_an_agreement_claws_back_by_the_day_of_the_trade(books: MemoryPartners) -> None:
    before = {**LOT, "valid_to": "2026-08-05"}
    since = {**CLAWED, "rate": 9, "valid_from": "2026-08-05"}
    one(
        books, on(3, 4, 5, 10), before, since, can_cash_movements=[DEPOSIT],
        int_payments__costs_stated=[charged_back(dt.date(2026, 8, 10))],
    )  # fmt: skip
    assert paid_days(books) == [3, 4]


def test_a_chargeback_that_is_won_back_claws_nothing_back(books: MemoryPartners) -> None:
    lost, won = charged_back(dt.date(2026, 8, 5)), charged_back(dt.date(2026, 8, 7), "99")
    again = charged_back(dt.date(2026, 8, 8))
    one(
        books, on(3, 4), CLAWED, can_cash_movements=[DEPOSIT],
        int_payments__costs_stated=[lost, won],
    )  # fmt: skip
    assert paid_days(books) == [3, 4]
    one(
        books, on(3, 8, 9), CLAWED, can_cash_movements=[DEPOSIT],
        int_payments__costs_stated=[lost, won, again],
    )  # fmt: skip
    assert paid_days(books) == [9]


def test_a_chargeback_finds_its_deposit_by_the_providers_payment(books: MemoryPartners) -> None:
    for named in ({"payment_id": "ch_1"}, {"payment_id": "x", "payment_intent_id": "ch_1"}):
        line = {**charged_back(dt.date(2026, 8, 10)), "request_id": None, **named}
        one(
            books, on(3), CLAWED, can_cash_movements=[DEPOSIT],
            int_payments__costs_stated=[line],
        )  # fmt: skip
        assert amounts(books) == []
        assert books.con.execute("FROM partners.rpt_partners__breaks").fetchall() == []
    one(books, on(3), CLAWED, can_cash_movements=[DEPOSIT],
        int_payments__costs_stated=[{**line, "payment_intent_id": "ch_2"}])  # fmt: skip
    assert amounts(books) == ["7"]
    breaks = "SELECT break_type, subject, claims FROM partners.rpt_partners__breaks"
    assert books.con.execute(breaks).fetchall() == [
        ("unknown_deposit", "psp/X", "charged back on 2026-08-10: no deposit on a trading account "
         "has payment x (ch_2)"),
    ]  # fmt: skip


def test_a_decision_and_a_chargeback_take_a_trade_back_once(books: MemoryPartners) -> None:
    decision = {"clawback_id": "CB1", "client_id": "C1", "cause": "chargeback",
                "valid_from": DAY, "valid_to": DAY + dt.timedelta(days=1)}  # fmt: skip
    one(
        books, on(3, 4, 5), CLAWED, can_cash_movements=[DEPOSIT],
        crm_partner_clawbacks=[decision],
        int_payments__costs_stated=[
            charged_back(dt.date(2026, 8, 4)), charged_back(dt.date(2026, 8, 4), case="Y"),
        ],
    )  # fmt: skip
    found = books.due("day(business_date), amount::VARCHAR, reason, level")
    assert [row[:3] for row in found if row[3] == 0] == [
        (3, "0.00000000", "clawed back: chargeback (CB1)"),
        (4, "0.00000000", "clawed back: chargeback (psp/X)"),
        (5, "7.00000000", None),
    ]


def test_a_charged_back_deposit_is_no_step_of_the_ladder(books: MemoryPartners) -> None:
    terms = {"model": "cpa", "currency": "USD", "tier_basis": "net_deposit",
             "clawback_on_chargeback": True}  # fmt: skip
    tiers: list[Row] = [{"agreement_id": "A1", "lower_bound": 0, "rate": 60}]
    for lines, paid in (([], ["60"]), ([charged_back(dt.date(2026, 8, 10))], [])):
        one(
            books, on(3), terms, crm_partner_tiers=tiers, can_cash_movements=[DEPOSIT],
            int_payments__costs_stated=lines,
        )  # fmt: skip
        assert amounts(books) == paid
    assert "clawed back: chargeback (psp/X)" in reasons(books)


def test_self_referral_and_disputed_clients_pay_nothing(books: MemoryPartners) -> None:
    override = {"partner_id": "P2", "level": 1, "rate": 1, "currency": "USD"}
    one(
        books, [lots(1, "1")], LOT, override,
        crm_partners=[{"partner_id": "P1", "client_id": "C1"}],
    )  # fmt: skip
    assert amounts(books) == ["1"]
    assert reasons(books)[0] == "self-referral: the client is the partner"
    claimed = [*CHAIN, {"child_id": "C1", "parent_partner_id": "P4"}]
    one(books, [lots(1, "1")], LOT, override, crm_partner_tree=claimed)
    assert amounts(books) == []
    assert set(reasons(books)) == {"claimed by P1 and P4"}
    found = books.con.execute(
        "SELECT break_type, subject, claims FROM partners.rpt_partners__breaks"
    ).fetchall()
    assert found == [
        ("claimed_twice", "C1", "P1 from 2026-01-01; P4 from 2026-01-01"),
    ]


def test_cpa_pays_the_difference_of_steps_in_both_directions(books: MemoryPartners) -> None:
    tiers: list[Row] = [
        {"agreement_id": "A1", "lower_bound": 0, "upper_bound": 200, "rate": 6},
        {"agreement_id": "A1", "lower_bound": 200, "upper_bound": 1000, "rate": 60},
        {"agreement_id": "A1", "lower_bound": 1000, "rate": 100},
    ]
    terms = {"model": "cpa", "currency": "USD", "tier_basis": "net_deposit",
             "hybrid_ratio": "0.5", "activity_minimum_lots": 2}  # fmt: skip
    money = [
        {"deal_key": f"m{number}", "business_date": DAY, "kind": kind, "amount_reporting": amount,
         "executed_at_utc": dt.datetime(2026, 8, 3, number)}
        for number, kind, amount in (
            (1, "deposit", 150), (2, "deposit", 50), (3, "deposit", 900), (4, "withdrawal", -500),
        )
    ]  # fmt: skip
    one(books, [lots(1, "2")], terms, crm_partner_tiers=tiers, can_cash_movements=money)
    assert amounts(books) == ["3", "27", "20", "-20"]
    one(books, [lots(1, "1")], terms, crm_partner_tiers=tiers, can_cash_movements=money)
    assert amounts(books) == []
    assert "the client has closed 1.00 lots in the month, 2.00 are needed" in reasons(books)
