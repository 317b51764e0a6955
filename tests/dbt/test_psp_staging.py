"""Staging of the card and wallet providers: what is signed, what is newest, what is UTC."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from tests.ingestion.psp_files import psp, settings_of
from tests.ingestion.test_adyen import LINES, body, item, report
from tests.ingestion.test_paypal import ENGLISH
from tests.ingestion.test_stripe import T, event, payout
from tests.ingestion.test_wise import COMPACT, FLAT, statement
from warehouse.connection import connect

pytestmark = pytest.mark.dbt

Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Query:
    """Every provider loaded in two deliveries, and its staging built and tested."""
    root = tmp_path_factory.mktemp("psps")
    settings = settings_of(
        root / "home",
        *(psp(kind, root / kind) for kind in ("adyen", "paypal", "wise", "stripe")),
    )
    files = {
        "adyen/1.csv": report(*LINES),
        "adyen/1.json": json.dumps(
            body(
                item("P1", "CHARGEBACK", "2026-08-02T12:00:00+02:00", reason="newer"),
                item(
                    "P2", "REFUND", "2026-01-05T12:00:00+01:00",
                    amount={"currency": "ISK", "value": 5000},
                ),
                item(
                    "P3", "REFUND", "2026-01-05T12:00:00Z",
                    amount={"currency": "JPY", "value": 500},
                ),
            )
        ),
        "paypal/1.csv": ENGLISH.replace("Pending", "Completed"),
        "wise/1.json": statement(*COMPACT),
        "wise/2.json": statement(*FLAT, account=65),
        "stripe/1.json": json.dumps(
            [
                event(2, "payout.paid", payout("paid", currency="ugx"), T + 200),
                payout("pending", id="po_2", currency="jpy"),
                payout("pending", id="po_3", currency="kwd"),
            ]
        ),
    }  # fmt: skip
    later = {
        "adyen/2.json": json.dumps(
            body(item("P1", "CHARGEBACK", "2026-08-01T12:00:00+02:00", reason="older"))
        ),
        "paypal/2.csv": ENGLISH,
        "stripe/2.json": json.dumps(
            [
                event(1, "payout.updated", payout("in_transit", currency="ugx"), T + 100),
                payout("in_transit", currency="ugx"),
                payout("in_transit", id="po_2", currency="jpy"),
            ]
        ),
    }
    for delivery in (files, later):
        for name, text in delivery.items():
            (root / name).write_text(text, "utf-8")
        assert not sync_once(settings).failed
    kinds = [f"path:models/staging/{kind}" for kind in ("adyen", "paypal", "wise", "stripe")]
    built = run_dbt(
        settings, ["build", "--select", "ref_currencies", "ref_psp_minor_units", *kinds]
    )
    assert not built.failed, [(node.name, node.message) for node in built.failed]

    def ask(sql: str) -> list[tuple[Any, ...]]:
        with connect("read", settings=settings) as con:
            return con.execute(sql).fetchall()

    return ask


def test_settlement_lines_are_signed_and_in_utc(query: Query) -> None:
    assert query(
        "SELECT type, gross_amount, settled_gross_amount, fee_amount, net_amount, "
        "created_at_utc::VARCHAR FROM lake.staging.stg_adyen__settlement_lines "
        "ORDER BY created_at_utc, type, line_key"
    ) == [
        ("Balancetransfer", None, 10, 0, 10, "2026-06-26 00:00:00"),
        ("Settled", 100, 100, Decimal("1.5"), Decimal("98.5"), "2026-07-01 08:00:01"),
        ("Settled", 100, 100, Decimal("1.5"), Decimal("98.5"), "2026-07-01 08:00:02"),
        ("Balancetransfer", None, -20, 0, -20, "2026-07-03 00:00:00"),
        ("Fee", None, 0, Decimal("0.2"), Decimal("-0.2"), "2026-07-03 00:00:00"),
        ("MerchantPayout", None, Decimal("-186.8"), 0, Decimal("-186.8"), "2026-07-03 00:00:00"),
    ]


def test_the_newest_state_of_a_notification_wins_whatever_came_last(query: Query) -> None:
    assert query(
        "SELECT psp_reference_id, reason, amount, event_at_utc::VARCHAR, state_count "
        "FROM lake.staging.stg_adyen__notifications ORDER BY 1"
    ) == [
        ("P1", "newer", 10, "2026-08-02 10:00:00", 2),
        # Adyen counts krónur in hundredths, ISO 4217 does not; yen have none anywhere.
        ("P2", None, 50, "2026-01-05 11:00:00", 1),
        ("P3", None, 500, "2026-01-05 12:00:00", 1),
    ]


def test_a_completed_transaction_is_not_pending_again(query: Query) -> None:
    assert query(
        "SELECT transaction_id, status, gross_amount, fee_amount, net_amount, "
        "occurred_at_utc::VARCHAR FROM lake.staging.stg_paypal__transactions ORDER BY 1"
    ) == [
        (
            "T1", "completed", Decimal("1058.09"), Decimal("31.03"), Decimal("1027.06"),
            "2026-09-05 04:15:11",
        ),
        ("T2", "completed", -100, 0, -100, "2026-09-15 04:15:11"),
        ("T3", "completed", 110, 0, 110, "2026-09-15 04:15:11"),
        ("T4", "completed", -110, 0, -110, "2026-09-15 04:15:11"),
    ]  # fmt: skip


def test_compact_and_flat_come_to_the_same(query: Query) -> None:
    assert query(
        "SELECT balance_id, count(*), sum(gross_amount), sum(fee_amount), sum(net_amount) "
        "FROM lake.staging.stg_wise__statement_lines GROUP BY 1 ORDER BY 1"
    ) == [
        ("64", 3, Decimal("900.1"), Decimal("0.6"), Decimal("899.5")),
        ("65", 4, Decimal("900.1"), Decimal("0.6"), Decimal("899.5")),
    ]


def test_payouts_show_their_last_state_in_their_own_unit(query: Query) -> None:
    assert query(
        "SELECT payout_id, status, currency, payout_amount FROM lake.staging.stg_stripe__payouts "
        "ORDER BY 1"
    ) == [
        # Paid by an event; an older event and a list that says less came after it.
        ("po_1", "paid", "UGX", 10),
        ("po_2", "in_transit", "JPY", 1000),
        ("po_3", "pending", "KWD", 1),
    ]
    assert query("SELECT count(*) FROM lake.staging.stg_stripe__events") == [(2,)]
