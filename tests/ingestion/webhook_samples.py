"""Small bodies in the shape of each vendor's webhooks, of our own making."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Body = dict[str, Any]


def coinspaid(number: int = 1, status: str = "confirmed", **fields: Any) -> Body:
    """A BTC deposit that is exchanged into EUR."""
    fee = "0.50" if status == "confirmed" else "0.00"
    return {
        "id": 7_000_000_000_000_000_000 + number,
        "type": "deposit_exchange",
        "crypto_address": {
            "id": 31, "currency": "BTC", "convert_to": "EUR", "address": "bc1qsecret", "tag": None,
            "foreign_id": f"C{number}",
        },
        "currency_sent": {"currency": "BTC", "amount": "0.00108823"},
        "currency_received": {"currency": "EUR", "amount": "63.12000000"},
        "transactions": [
            {"id": number, "currency": "BTC", "transaction_type": "blockchain", "type": "deposit",
             "address": "bc1qsecret", "tag": None, "amount": "0.00108823", "txid": f"tx{number}",
             "confirmations": 3, "riskscore": "0.42"},
        ],
        "fees": [{"type": "exchange", "currency": "EUR", "amount": fee}],
        "error": "",
        "status": status,
    } | fields  # fmt: skip


def coinbase_commerce(number: int = 1, kind: str = "charge:created", **data: Any) -> Body:
    """An event about a charge, inside the delivery that carries it."""
    at = f"2026-10-{10 + number:02d}T08:00:00Z"
    charge = {
        "code": "CHARGE01",
        "created_at": "2026-10-10T08:00:00Z",
        "expires_at": "2026-10-10T09:00:00Z",
        "timeline": [{"time": "2026-10-10T08:00:00Z", "status": "NEW"}],
        "metadata": {"customer_id": "C1", "customer_name": "Ada Secret"},
        "pricing_type": "fixed_price",
        "pricing": {"local": {"amount": "100.00", "currency": "EUR"}},
        "payments": [],
        "addresses": {"bitcoin": "bc1qours"},
    } | data
    event = {"id": f"event-{number}", "type": kind, "api_version": "2018-03-22", "created_at": at,
             "data": charge}  # fmt: skip
    return {"id": number, "scheduled_for": at, "attempt_number": 1, "event": event}


def sumsub(number: int = 1, answer: str = "GREEN", **fields: Any) -> Body:
    """A review that was answered."""
    return {
        "applicantId": "5cb744200a975a67ed1798a4",
        "inspectionId": "5cb744200a975a67ed1798a5",
        "applicantType": "individual",
        "correlationId": "req-1",
        "levelName": "basic",
        "externalUserId": "C1",
        "type": "applicantReviewed",
        "sandboxMode": False,
        "reviewStatus": "completed",
        "createdAtMs": f"2026-10-{10 + number:02d} 13:23:19.321",
        "reviewResult": {"reviewAnswer": answer, "moderationComment": "Ada Secret is known"},
    } | fields


def onfido(number: int = 1, status: str = "complete", **fields: Any) -> Body:
    """A check that came to its end."""
    return {
        "payload": {
            "resource_type": "check",
            "action": "check.completed",
            "object": {
                "id": "check-1",
                "status": status,
                "completed_at_iso8601": f"2026-10-{10 + number:02d}T15:00:39Z",
                "href": "https://api.onfido.example/v3.6/checks/check-1",
            },
        }
        | fields
    }


def write_lines(path: Path, *bodies: Body, at: int | None = None) -> None:
    """A file of lines; ``at`` is its time (UTC seconds)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), "utf-8")
    if at is not None:
        os.utime(path, (at, at))


def received(body: Body, at: str) -> Body:
    """The body in a receiver's envelope."""
    return {"received_at": at, "body": body}
