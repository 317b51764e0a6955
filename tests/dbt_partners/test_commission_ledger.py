"""The ledger over builds: first, unchanged, corrected deals, changed terms, chargebacks.

The tests of this file are one story and run in order: an append-only ledger has a past.
"""

from __future__ import annotations

import pytest

from tests.dbt_partners.conftest import TinyReferrals

PART = "partners"
pytestmark = [pytest.mark.dbt, pytest.mark.slow]


def test_first_build_books_every_line_of_the_referred_client(referrals: TinyReferrals) -> None:
    referrals.build(1, (0, 1))
    assert referrals.booked(1) == [
        ("accrual", 101, "P3", "commission_share", "1.00000000", "USD"),
        ("accrual", 101, "P3", "per_lot", "0.00000000", "USD"),
        ("accrual", 101, "P1", "per_lot", "0.00000000", "EUR"),
        ("accrual", 102, "P3", "commission_share", "0.00000000", "USD"),
        ("accrual", 102, "P3", "per_lot", "7.00000000", "USD"),
        ("accrual", 102, "P1", "per_lot", "1.00000000", "EUR"),
        ("accrual", 103, "P3", "commission_share", "0.00000000", "USD"),
        ("accrual", 103, "P3", "per_lot", "3.50000000", "USD"),
        ("accrual", 103, "P1", "per_lot", "0.50000000", "EUR"),
    ]
    total = referrals.rows("SELECT sum(amount_reporting) FROM lake.partners.fct_commission_ledger")
    assert str(total[0][0]) == "13.15000000"
    assert referrals.broken() == []


def test_a_build_without_news_books_nothing(referrals: TinyReferrals) -> None:
    referrals.build(2, (1, 1))
    assert referrals.booked(2) == []


def test_a_build_of_the_same_loads_books_nothing(referrals: TinyReferrals) -> None:
    referrals.build(3, (0, 1))
    assert referrals.booked(3) == []


def test_a_full_refresh_keeps_the_ledger(referrals: TinyReferrals) -> None:
    referrals.build(4, (1, 1), full_refresh=True)
    assert referrals.booked(4) == []
    assert len(referrals.booked(1)) == 9


def test_edited_and_deleted_deals_book_the_difference(referrals: TinyReferrals) -> None:
    referrals.change("""
        UPDATE lake.canonical.can_deals SET volume_lots = 2, volume_closed_lots = 2
        WHERE deal_id = 102;
        DELETE FROM lake.canonical.can_deals WHERE deal_id = 103;
        INSERT INTO lake.meta.touched_days VALUES (2, 'demo', 'live', DATE '2026-08-04');
    """)
    referrals.build(5, (1, 2))
    assert referrals.booked(5) == [
        ("adjustment", 102, "P3", "per_lot", "7.00000000", "USD"),
        ("adjustment", 102, "P1", "per_lot", "1.00000000", "EUR"),
        ("adjustment", 103, "P3", "per_lot", "-3.50000000", "USD"),
        ("adjustment", 103, "P1", "per_lot", "-0.50000000", "EUR"),
    ]
    assert referrals.broken() == []


def test_changed_terms_reach_back_without_a_touched_day(referrals: TinyReferrals) -> None:
    referrals.change("""
        INSERT INTO lake.raw.crm_partner_agreements
        SELECT * REPLACE (4 AS _row_id, 3 AS _load_id, 0.3 AS rate)
        FROM lake.raw.crm_partner_agreements WHERE agreement_id = 'A2';
        INSERT INTO lake.raw.superseded VALUES (2, 3);
    """)
    referrals.build(6, (2, 3))
    assert referrals.booked(6) == [
        ("adjustment", 101, "P3", "commission_share", "0.50000000", "USD"),
    ]
    assert referrals.rows("""
        SELECT sum(amount)::VARCHAR FROM lake.partners.fct_commission_ledger WHERE deal_id = 101
    """) == [("1.50000000",)]


def test_an_ended_agreement_takes_its_lines_back(referrals: TinyReferrals) -> None:
    referrals.change("INSERT INTO lake.raw.superseded VALUES (3, 4)")
    referrals.build(7, (3, 4))
    assert [row for row in referrals.booked(7) if row[4] != "0.00000000"] == [
        ("adjustment", 102, "P1", "per_lot", "-2.00000000", "EUR"),
    ]
    reasons = referrals.rows("""
        SELECT deal_id, reason FROM lake.partners.fct_commission_ledger
        WHERE build_id = 7 AND entry_type = 'accrual' ORDER BY deal_id
    """)
    assert reasons == [
        (101, "no agreement of this partner at level 1 on 2026-08-03"),
        (102, "no agreement of this partner at level 1 on 2026-08-04"),
    ]
    assert referrals.broken() == []


def test_a_chargeback_claws_back_what_was_booked(referrals: TinyReferrals) -> None:
    referrals.change("""
        INSERT INTO lake.raw.crm_partner_clawbacks
        VALUES ('demo', 50, 5, 'CB1', 'C1', 'chargeback', DATE '2026-08-04', DATE '2026-08-05')
    """)
    referrals.build(8, (4, 5))
    assert referrals.booked(8) == [
        ("clawback", 102, "P3", "per_lot", "-14.00000000", "USD"),
    ]
    assert referrals.rows("""
        SELECT adjustment_reason FROM lake.partners.fct_commission_ledger WHERE build_id = 8
    """) == [("clawed back: chargeback (CB1)",)]
    assert referrals.broken() == []
    referrals.change("INSERT INTO lake.raw.superseded VALUES (50, 6)")
    referrals.change("DELETE FROM lake.raw.crm_partner_clawbacks")
    referrals.change("INSERT INTO lake.meta.touched_days VALUES (6, 'demo', 'live', '2026-08-04')")
    referrals.build(9, (5, 6))
    assert [row[4] for row in referrals.booked(9)] == ["14.00000000"]


def state(referrals: TinyReferrals, amount: int, hour: int) -> None:
    """The provider says what the deposit of 3 August moved on 4 August."""
    referrals.change(f"""
        INSERT INTO lake.intermediate.int_payments__costs_stated VALUES (
            'demo', 'stripe', 'chargebacks', DATE '2026-08-04', {amount},
            TIMESTAMP '2026-08-04 {hour}:00:00', 'dp_1', NULL, 'ch_201', NULL)
    """)


TAKEN = [("clawback", 102, "P3", "per_lot", "-14.00000000", "USD")]
GIVEN = [("adjustment", 102, "P3", "per_lot", "14.00000000", "USD")]


def test_a_providers_chargeback_is_found_without_a_touched_day(referrals: TinyReferrals) -> None:
    state(referrals, -9500, 10)
    referrals.build(10, (6, 6))
    assert referrals.booked(10) == TAKEN
    assert referrals.rows("""
        SELECT adjustment_reason FROM lake.partners.fct_commission_ledger WHERE build_id = 10
    """) == [("clawed back: chargeback (stripe/dp_1)",)]
    assert referrals.broken() == []


def test_what_a_finished_build_took_back_is_looked_at_no_more(referrals: TinyReferrals) -> None:
    touched = "SELECT business_date::VARCHAR FROM lake.intermediate.int_partners__days_touched"
    referrals.build(11, (6, 6))
    assert referrals.booked(11) == []
    assert set(referrals.rows(touched)) == {("2026-08-03",), ("2026-08-04",)}
    referrals.change("INSERT INTO lake.meta.builds (build_id, status) VALUES (11, 'done')")
    referrals.build(12, (6, 6))
    assert referrals.rows(touched) == []


def test_a_decision_on_top_of_a_chargeback_takes_nothing_more(referrals: TinyReferrals) -> None:
    referrals.change("""
        INSERT INTO lake.raw.crm_partner_clawbacks
        VALUES ('demo', 51, 7, 'CB2', 'C1', 'chargeback', DATE '2026-08-04', DATE '2026-08-05')
    """)
    referrals.build(13, (6, 7))
    assert referrals.booked(13) == []
    state(referrals, 9400, 11)
    referrals.build(14, (7, 7))
    assert referrals.booked(14) == []
    referrals.change("DELETE FROM lake.raw.crm_partner_clawbacks")
    referrals.change("INSERT INTO lake.meta.touched_days VALUES (8, 'demo', 'live', '2026-08-04')")
    referrals.build(15, (7, 8))
    assert referrals.booked(15) == GIVEN
    assert referrals.broken() == []


def test_a_chargeback_won_back_gives_back_what_it_took(referrals: TinyReferrals) -> None:
    state(referrals, -9500, 12)
    referrals.build(16, (8, 8))
    assert referrals.booked(16) == TAKEN
    state(referrals, 9500, 13)
    referrals.build(17, (8, 8))
    assert referrals.booked(17) == GIVEN
    assert referrals.broken() == []


def test_a_chargeback_that_the_provider_withdraws_is_given_back(referrals: TinyReferrals) -> None:
    state(referrals, -9500, 14)
    referrals.build(18, (8, 8))
    assert referrals.booked(18) == TAKEN
    referrals.change("DELETE FROM lake.intermediate.int_payments__costs_stated")
    referrals.build(19, (8, 8))
    assert referrals.booked(19) == GIVEN
    assert referrals.broken() == []


def test_a_line_nobody_owes_breaks_the_identities(referrals: TinyReferrals) -> None:
    referrals.change("""
        INSERT INTO lake.partners.fct_commission_ledger
        SELECT * REPLACE ('by hand' AS ledger_line_key, 20 AS build_id, 2 AS amount)
        FROM lake.partners.fct_commission_ledger
        WHERE deal_id = 102 AND model = 'per_lot' AND partner_id = 'P3' AND build_id = 1
    """)
    referrals.build(21, (8, 8), only="identities_partners")
    assert referrals.broken() == [
        ("accrual_is_quantity_times_rate", 1),
        ("ledger_equals_target", 1),
    ]
