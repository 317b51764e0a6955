"""Partners' parts of PAMM and copy fees: lines of the ledger that no trade stands behind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_partners.conftest import TinyReferrals
from tests.dbt_partners.memory_partners import ACCOUNT, CHAIN, DAY, MemoryPartners, Row

pytestmark = [pytest.mark.dbt, pytest.mark.slow]
PART = "partners"

FEE: Row = {
    "deal_key": "f1", "deal_id": 1, "business_date": DAY, "is_trade": False, "is_turnover": False,
    "executed_at_utc": dt.datetime.combine(DAY, dt.time(0, 5)), "component": "charge",
    "comment": "Performance fee 2026-07", "balance_effect_amount": -50, "symbol": "", "side": None,
}  # fmt: skip
SHARE: Row = {"agreement_id": "A0", "model": "copy_fee_share", "rate": Decimal("0.2")}


def due(books: MemoryPartners, deals: list[Row], *agreements: Row) -> list[tuple[Any, ...]]:
    """What one account's fees pay."""
    books.lay(
        can_accounts=[ACCOUNT],
        crm_partner_tree=CHAIN,
        can_deals=deals,
        fct_account_days=[{"account_key": "t/s/1", "business_date": "2026-07-01"}],
        crm_copy_strategies=[{"login": 9}],
        crm_copy_investments=[{"login": 1}],
        crm_partner_agreements=list(agreements),
    )
    return books.due("deal_key, partner_id, amount, amount_currency, reason")


def test_a_share_is_paid_of_what_was_charged_and_taken_back_of_what_was_returned(
    books: MemoryPartners,
) -> None:
    back = {**FEE, "deal_key": "f2", "deal_id": 2, "balance_effect_amount": 20}
    other = {**FEE, "deal_key": "f3", "deal_id": 3, "comment": "Inactivity fee"}
    assert due(books, [FEE, back, other], SHARE) == [
        ("f1", "P1", 10, "USD", None),
        ("f2", "P1", -4, "USD", None),
    ]


def test_overrides_are_added_or_carved_out_and_capped(books: MemoryPartners) -> None:
    above = {**SHARE, "agreement_id": "A1", "partner_id": "P2", "level": 1, "rate": Decimal("0.05")}
    added = due(books, [FEE], SHARE, above)
    assert [(partner, amount) for _, partner, amount, *_ in added] == [
        ("P1", 10), ("P2", Decimal("2.5")),
    ]  # fmt: skip
    carved = due(books, [FEE], SHARE, {**above, "override_convention": "carved_out"})
    assert [(partner, amount) for _, partner, amount, *_ in carved] == [
        ("P1", Decimal("7.5")), ("P2", Decimal("2.5")),
    ]  # fmt: skip
    [(*_, amount, currency, _)] = due(
        books, [FEE], {**SHARE, "currency": "EUR", "trade_cap_amount": 5}
    )
    assert (amount, currency) == (5, "EUR")


def test_fees_and_trades_do_not_meet(books: MemoryPartners) -> None:
    trade = {"deal_key": "d1", "deal_id": 9, "position_id": 9, "business_date": DAY,
             "executed_at_utc": dt.datetime.combine(DAY, dt.time(12)), "commission_amount": -10,
             "volume_lots": 1, "volume_closed_lots": 1}  # fmt: skip
    both = due(books, [FEE, trade], SHARE, {**SHARE, "agreement_id": "A2",
                                            "model": "commission_share"})  # fmt: skip
    paying = [(deal, partner, amount) for deal, partner, amount, _, reason in both if not reason]
    assert paying == [("d1", "P1", 2), ("f1", "P1", 10)]
    [(reason,)] = {row[-1:] for row in due(books, [trade], SHARE) if row[1] == "P1"}
    assert reason.startswith("no agreement of this partner at level 0")


def test_terms_that_come_later_book_the_fees_before_them(referrals: TinyReferrals) -> None:
    referrals.change("""
        INSERT INTO lake.canonical.can_deals BY NAME
        SELECT
            'demo' AS tenant_id, 'live' AS server_id, DATE '2026-08-04' AS business_date,
            'demo/live/301' AS deal_key, 301 AS deal_id, 'demo/live/1' AS account_key,
            TIMESTAMP '2026-08-04 00:05:00' AS executed_at_utc, false AS is_trade,
            false AS is_turnover, 'mt5' AS platform, 4 AS action_code, 'charge' AS component,
            'Performance fee 2026-07' AS comment, -50 AS balance_effect_amount;
        INSERT INTO lake.finance.fct_account_days BY NAME
        SELECT
            'demo' AS tenant_id, 'live' AS server_id, 'demo/live/1' AS account_key,
            DATE '2026-07-15' AS business_date, 1000 AS equity_amount, 750 AS deposits_amount,
            0 AS withdrawals_amount, 0 AS internal_transfers_amount, 250 AS closed_pnl_amount,
            0 AS swap_amount, 0 AS commission_amount, 0 AS commission_round_amount,
            0 AS fees_amount, 0 AS interest_amount, 0 AS dividends_amount, 0 AS taxes_amount,
            0 AS floating_pnl_amount, 0 AS floating_swap_amount, 0 AS opening_credit_amount;
        INSERT INTO lake.raw.crm_partner_agreements BY NAME
        SELECT
            'demo' AS _tenant_id, row_id AS _row_id, 1 AS _load_id, agreement_id, partner_id,
            level, 'copy_fee_share' AS model, rate, '%' AS symbol_pattern,
            '%' AS account_group_pattern, DATE '2026-07-01' AS valid_from
        FROM (VALUES (4, 'A4', 'P3', 0, 0.2), (5, 'A5', 'P1', 1, 0.1))
            AS agreements(row_id, agreement_id, partner_id, level, rate);
    """)
    referrals.build(1, (0, 1))
    assert not [line for line in referrals.booked(1) if line[3] == "copy_fee_share"]
    # The strategy comes with a load that touches no day.
    referrals.change("""
        INSERT INTO lake.raw.crm_copy_strategies
        VALUES ('demo', 51, 2, 'S', DATE '2026-07-01');
        INSERT INTO lake.raw.crm_copy_investments
        VALUES ('demo', 52, 2, 'S', 'live', 1, DATE '2026-07-01');
    """)
    referrals.build(2, (1, 2))
    assert referrals.booked(2) == [
        ("accrual", 301, "P3", "copy_fee_share", "10.00000000", "USD"),
        ("accrual", 301, "P1", "copy_fee_share", "5.00000000", "USD"),
    ]
    assert referrals.broken() == []
    assert referrals.rows("""
        SELECT fee_kind, due_amount, charged_amount, partners_amount_reporting,
            left_amount_reporting, charge_state
        FROM lake.partners.fct_copy_fees WHERE month_from = DATE '2026-07-01'
    """) == [("performance", 50, 50, 15, 35, "agrees")]
    referrals.change("""
        UPDATE lake.canonical.can_deals SET balance_effect_amount = -60 WHERE deal_id = 301;
        INSERT INTO lake.meta.touched_days VALUES (3, 'demo', 'live', DATE '2026-08-04');
    """)
    referrals.build(3, (2, 3))
    assert referrals.booked(3) == [
        ("adjustment", 301, "P3", "copy_fee_share", "2.00000000", "USD"),
        ("adjustment", 301, "P1", "copy_fee_share", "1.00000000", "USD"),
    ]
    # 60 were charged of 50 due: that is broken, and the rest holds.
    assert referrals.broken() == [("copy_fees_charged_are_due", 1)]
