"""Stripe's payouts, disputes, refunds and the events about them, and what Stripe comes to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.simulator.market import CURRENCY_DIGITS
from ingestion.simulator.psp import BalanceTransaction, balance_transactions
from ingestion.simulator.psp_requests import (
    Movement,
    psp_requests,
    requests_frame,
    totals_frame,
    utc_seconds,
)
from ingestion.simulator.routing import STRIPE
from ingestion.simulator.world import World

SOURCE = "stripe"
_DAY = 86_400
Body = dict[str, Any]


def payouts(rows: list[BalanceTransaction], end: int) -> list[Body]:
    """The payout objects behind the balance's payouts, as they stand at ``end``."""
    return [
        {
            "id": row.source,
            "object": "payout",
            "amount": -row.amount,
            "currency": row.currency,
            "automatic": True,
            "status": "paid" if row.created + 2 * _DAY <= end else "in_transit",
            "created": row.created,
            "arrival_date": (row.created // _DAY + 2) * _DAY,
            "balance_transaction": row.id,
            "destination": "ba_northwind",
            "method": "standard",
            "type": "bank_account",
            "statement_descriptor": None,
        }
        for row in rows
        if row.type == "payout"
    ]


def refunds(rows: list[BalanceTransaction]) -> list[Body]:
    """The refund objects of withdrawals to a card."""
    return [
        {
            "id": row.source,
            "object": "refund",
            "amount": -row.amount,
            "currency": row.currency,
            "status": "succeeded",
            "created": row.created,
            "balance_transaction": row.id,
            "charge": None,
            "reason": "requested_by_customer",
        }
        for row in rows
        if row.type == "refund"
    ]


def dispute_states(rows: list[BalanceTransaction], end: int) -> list[tuple[int, str, Body]]:
    """The dispute as its events tell it: when, which event, the object then."""
    for row in rows:
        if row.reporting_category != "dispute":
            continue
        body: Body = {
            "id": row.source,
            "object": "dispute",
            "amount": -row.amount,
            "currency": row.currency,
            "charge": row.source.replace("dp_", "ch_"),
            "created": row.created,
            "reason": "fraudulent",
            "status": "needs_response",
            "balance_transactions": [{"id": row.id, "object": "balance_transaction"}],
            "evidence_details": {"due_by": row.created + 7 * _DAY},
            "payment_method_details": {
                "card": {"network_reason_code": "10.4", "case_type": "chargeback"}
            },
        }
        states = [(row.created, "charge.dispute.created", body)]
        if row.created + 4 * _DAY <= end:
            lost = body | {"status": "lost"}
            states.append((row.created + 4 * _DAY, "charge.dispute.closed", lost))
        return states
    return []


def events(rows: list[BalanceTransaction], end: int) -> list[Body]:
    """Events of payouts and the dispute in the order they happened."""
    told: list[tuple[int, str, Body]] = []
    for payout in payouts(rows, end):
        told.append((payout["created"], "payout.created", payout | {"status": "in_transit"}))
        if payout["status"] == "paid":
            told.append((payout["created"] + 2 * _DAY, "payout.paid", payout))
    told += dispute_states(rows, end)
    told.sort(key=lambda item: (item[0], item[1], item[2]["id"]))
    return [
        {
            "id": f"evt_{number:06d}{body['id'][3:]}",
            "object": "event",
            "api_version": "2026-03-31",
            "created": moment,
            "livemode": True,
            "type": kind,
            "data": {"object": body},
        }
        for number, (moment, kind, body) in enumerate(told, start=1)
    ]


def write_stripe_objects(world: World, folder: Path) -> dict[str, int]:
    """Lists of payouts and refunds, and webhooks: newest first, every third delivered twice."""
    rows = balance_transactions(world)
    end = utc_seconds(world.window.end_ms)
    listed = {"payouts": payouts(rows, end), "refunds": refunds(rows)}
    day = f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}"
    for name, objects in listed.items():
        body = {"object": "list", "url": f"/v1/{name}", "has_more": False, "data": objects}
        path = folder / f"{name}_{day}.json"
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    happened = events(rows, end)
    delivered = happened[::-1] + happened[::3]
    text = "".join(json.dumps(event) + "\n" for event in delivered)
    if text:
        (folder / f"webhooks_{day}.jsonl").write_text(text, encoding="utf-8")
    return {
        "stripe_payouts": len(listed["payouts"]),
        "stripe_refunds": len(listed["refunds"]),
        "stripe_events": len(happened),
    }


def stripe_truth(world: World) -> dict[str, pl.DataFrame]:
    """What the balance comes to, every request, and each object's last state."""
    rows = balance_transactions(world)
    end = utc_seconds(world.window.end_ms)

    def units(minor: int, currency: str) -> Decimal:
        return Decimal(minor).scaleb(-CURRENCY_DIGITS[currency.upper()])

    movements = [
        Movement(
            row.type,
            row.currency.upper(),
            units(row.amount, row.currency),
            units(row.fee, row.currency),
        )
        for row in rows
    ]
    last_states = [*payouts(rows, end), *refunds(rows)]
    last_states += [body for _, _, body in dispute_states(rows, end)[-1:]]
    return {
        "stripe_totals": totals_frame(SOURCE, movements),
        "stripe_requests": requests_frame(SOURCE, psp_requests(world, STRIPE)),
        "stripe_objects": pl.DataFrame(
            [
                (
                    "demo", SOURCE, body["object"], body["id"], body["status"],
                    body["currency"].upper(), units(body["amount"], body["currency"]),
                )
                for body in last_states
            ],
            schema={
                "tenant_id": pl.String, "psp_account_id": pl.String, "kind": pl.String,
                "object_id": pl.String, "status": pl.String, "currency": pl.String,
                "amount": pl.Decimal(38, 8),
            },
            orient="row",
        ),
    }  # fmt: skip
