"""Stripe: payouts, disputes, refunds and events beside balance transactions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ingestion.sync import sync_once
from tests.ingestion.lake import current, one, rows
from tests.ingestion.psp_files import (
    killed_sync,
    psp,
    quarantined,
    settings_of,
    sync,
    whats,
)

T = 1_793_174_400
REPORT = (
    "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,"
    "reporting_category,source_id,automatic_payout_id\n"
)


def payout(status: str = "pending", **fields: Any) -> dict[str, Any]:
    """A payout as the API gives it."""
    return {
        "id": "po_1",
        "object": "payout",
        "amount": 1000,
        "currency": "usd",
        "status": status,
        "automatic": True,
        "created": T,
        "balance_transaction": {"id": "txn_9", "object": "balance_transaction"},
    } | fields


def event(number: int, kind: str, about: dict[str, Any], created: int) -> dict[str, Any]:
    """A webhook's envelope."""
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": kind,
        "created": created,
        "livemode": False,
        "pending_webhooks": number,
        "data": {"object": about},
    }


def report_line(number: int, net: str, category: str, source: str, payout_id: str) -> str:
    return (
        f"txn_{number},2026-10-28 08:00:00,2026-10-30 00:00:00,usd,{net},0,{net},{category},"
        f"{source},{payout_id}\n"
    )


def test_events_come_twice_and_out_of_order(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    paid = event(2, "payout.paid", payout("paid"), T + 200)
    moved = event(1, "payout.updated", payout("in_transit"), T + 100)
    charge = event(3, "charge.succeeded", {"id": "ch_1", "object": "charge"}, T)
    (folder / "1.jsonl").write_text("\n".join(map(json.dumps, [paid, charge, paid])), "utf-8")
    first = sync(settings)
    assert first.problems == ()
    (folder / "2.json").write_text(json.dumps(moved), "utf-8")
    (folder / "3.json").write_text(json.dumps(paid | {"pending_webhooks": 0}), "utf-8")
    second = sync(settings)
    assert (second.new, second.changed) == (2, 0)
    assert rows(
        settings,
        f"SELECT id, type, object_type, object_id FROM {current('stripe_events')} ORDER BY 1",
    ) == [
        ("evt_1", "payout.updated", "payout", "po_1"),
        ("evt_2", "payout.paid", "payout", "po_1"),
        ("evt_3", "charge.succeeded", "charge", "ch_1"),
    ]
    assert rows(
        settings,
        "SELECT stated_by, stated_at, status, balance_transaction_id "
        f"FROM {current('stripe_payouts')} ORDER BY 1",
    ) == [("evt_1", T + 100, "in_transit", "txn_9"), ("evt_2", T + 200, "paid", "txn_9")]


def test_lists_of_objects_are_merged_by_id(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    dispute = {
        "id": "dp_1",
        "object": "dispute",
        "amount": 500,
        "currency": "jpy",
        "status": "needs_response",
        "created": T,
        "charge": "ch_1",
        "balance_transactions": [{"id": "txn_1"}, {"id": "txn_2"}],
        "evidence_details": {"due_by": T + 1},
        "payment_method_details": {"card": {"network_reason_code": "10.4"}},
    }
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": 100,
        "currency": "usd",
        "status": None,
        "created": T,
        "charge": {"id": "ch_1", "object": "charge"},
    }
    listed = {"object": "list", "data": [payout(), dispute, refund, {"id": "x", "object": "plan"}]}
    (folder / "1.json").write_text(json.dumps(listed), "utf-8")
    first = sync(settings)
    assert (first.new, first.quarantined) == (3, 0)
    assert whats(first) == ["1.json holds objects that are not loaded: 1 plan."]
    (folder / "2.json").write_text(json.dumps([dispute | {"status": "lost"}]), "utf-8")
    second = sync(settings)
    assert (second.new, second.changed) == (0, 1)
    assert rows(
        settings,
        "SELECT status, balance_transaction_ids, evidence_due_by, network_reason_code "
        f"FROM {current('stripe_disputes')}",
    ) == [("lost", "txn_1,txn_2", T + 1, "10.4")]
    assert one(settings, f"SELECT charge_id FROM {current('stripe_refunds')}") == "ch_1"
    assert sync(settings).loads == 0


def test_an_automatic_payout_must_net(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    lines = [
        report_line(1, "15.00", "charge", "ch_1", "po_1"),
        report_line(2, "-5.00", "refund", "re_1", "po_1"),
        report_line(9, "-10.00", "payout", "po_1", "po_1"),
        report_line(3, "7.00", "charge", "ch_2", ""),
        report_line(4, "-7.00", "payout", "po_2", ""),
    ]
    (folder / "1.csv").write_text(REPORT + "".join(lines[1:]), "utf-8")
    found = sync(settings)
    [what] = whats(found, "error")
    assert what == "Payout po_1 of 10 USD is not the net of its 1 transactions, -5."
    assert whats(sync(settings), "error") == [what]
    (folder / "2.csv").write_text(REPORT + lines[0], "utf-8")
    assert sync(settings).problems == ()
    entry = {
        "id": "txn_9", "object": "balance_transaction", "amount": -900, "currency": "usd",
        "fee": 0, "net": -900, "type": "payout", "created": T, "source": "po_1",
    }  # fmt: skip
    (folder / "3.json").write_text(json.dumps([payout(), entry]), "utf-8")
    assert whats(sync(settings), "error") == [
        "Payout po_1 says 1000 USD (minor units), its balance transaction 900."
    ]


def test_nothing_is_linked_to_a_manual_payout(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    (folder / "1.json").write_text(json.dumps([payout(automatic=False)]), "utf-8")
    lines = report_line(1, "15.00", "charge", "ch_1", "po_1")
    lines += report_line(9, "-10.00", "payout", "po_1", "po_1")
    (folder / "2.csv").write_text(REPORT + lines, "utf-8")
    assert sync(settings).problems == ()


def test_objects_that_lack_something_wait_in_quarantine(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    (folder / "1.json").write_text(
        json.dumps([payout(amount=None), payout(id="po_2", automatic=None), "text"]), "utf-8"
    )
    (folder / "2.json").write_text(
        json.dumps([payout(amount=None), payout(id="po_2", automatic=None)]), "utf-8"
    )
    (folder / "3.json").write_text("", "utf-8")
    found = sync(settings)
    assert whats(found, "error") == [
        "1.json is not a list of Stripe objects: entry 3 is no object.",
        "3.json is not a list of Stripe objects: it is empty.",
    ]
    assert [(row, column) for row, column, _ in quarantined(settings)] == [
        (1, "amount"),
        (2, "automatic"),
    ]
    (folder / "4.json").write_text(json.dumps([payout(), payout(id="po_2")]), "utf-8")
    sync(settings)
    assert quarantined(settings) == []


def test_two_accounts_and_two_tenants(home: Path, tmp_path: Path) -> None:
    names = (("one", "demo"), ("two", "demo"), ("three", "other"))
    settings = settings_of(
        home, *(psp("stripe", tmp_path / name, name, tenant=tenant) for name, tenant in names)
    )
    for name, _ in names:
        body = event(1, "payout.paid", payout("paid"), T)
        (tmp_path / name / "1.json").write_text(json.dumps(body), "utf-8")
    assert not sync_once(settings).failed
    for table in ("stripe_events", "stripe_payouts"):
        assert rows(settings, f"SELECT _tenant_id, _source FROM {current(table)} ORDER BY ALL") == [
            ("demo", "one"),
            ("demo", "two"),
            ("other", "three"),
        ]


@pytest.mark.fault
def test_a_killed_pass_is_finished_by_the_next(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder))
    (folder / "1.json").write_text(json.dumps(event(1, "payout.paid", payout("paid"), T)), "utf-8")
    killed_sync(home, "stripe", folder, "committed")
    assert sync(settings).problems == ()
    for table in ("stripe_events", "stripe_payouts"):
        assert one(settings, f"SELECT count(*) FROM lake.raw.{table}") == 1


def test_stripes_own_examples(home: Path, tmp_path: Path, reference_data: Path) -> None:
    path = reference_data / "sources/stripe/fixtures3.json"
    resources = json.loads(path.read_text("utf-8"))["resources"]
    folder = tmp_path / "stripe"
    settings = settings_of(home, psp("stripe", folder), psp("stripe", tmp_path / "b", "whole"))
    kinds = ("balance_transaction", "payout", "dispute", "refund", "event", "reserve.hold")
    listed = {"object": "list", "data": [resources[kind] for kind in kinds]}
    (folder / "objects.json").write_text(json.dumps(listed), "utf-8")
    shutil.copy(path, tmp_path / "b" / path.name)
    loaded, whole = sync_once(settings).sources
    assert (loaded.new, loaded.quarantined) == (5, 0)
    assert whats(loaded) == ["objects.json holds objects that are not loaded: 1 reserve.hold."]
    # The file as it is no answer of the API: a catalogue of examples, none of them an object.
    assert whats(whole) == ["fixtures3.json holds objects that are not loaded: 1 without a kind."]
