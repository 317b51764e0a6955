"""Structuring over two accounts of one client, from the movements to the sentence."""

from __future__ import annotations

import pytest

from tests.dbt_partners.conftest import TinyReferrals

PART = "compliance"
pytestmark = [pytest.mark.dbt, pytest.mark.slow]


def test_deposits_on_two_accounts_are_one_alert(referrals: TinyReferrals) -> None:
    referrals.build(1, (0, 1))
    assert referrals.rows("""
        SELECT scenario_id, client_key, alert_date::VARCHAR, amount_reporting::VARCHAR, reason,
            evidence_keys
        FROM lake.compliance.fct_alerts
    """) == [
        (
            "A1",
            "demo/C1",
            "2026-08-04",
            "28650.00000000",
            "3 deposits between 9,000.00 and 9,999.99 USD within 24 hours, 28,650.00 USD in total,"
            " 2026-08-03 to 2026-08-04",
            "demo/live/201,demo/live/202,demo/live/203",
        )
    ]
    assert referrals.rows("""
        SELECT evidence_key, description FROM lake.compliance.fct_alert_evidence ORDER BY ALL
    """)[1] == (
        "demo/live/202",
        "deposit of 960,000.00 USC on account demo/live/2 by card, request R202",
    )
    assert referrals.broken() == []


def test_a_corrected_movement_takes_the_alert_away(referrals: TinyReferrals) -> None:
    referrals.change("""
        UPDATE lake.canonical.can_cash_movements SET amount = 10000, amount_reporting = 10000
        WHERE deal_key = 'demo/live/203'
    """)
    assert referrals.broken() == []
    referrals.build(2, (1, 1))
    assert referrals.rows("SELECT count(*) FROM lake.compliance.fct_alerts") == [(0,)]
