"""Coinbase Commerce webhooks as rows: the event, its charge's timeline and payments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingestion.connectors.coinbase_commerce.contract import EVENTS, PAYMENTS, TIMELINE
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.exact_amounts import amount_columns, rounding_problems
from ingestion.connectors.json_records import (
    Body,
    Record,
    RecordsError,
    frame_of,
    is_refused,
    layout_problems,
    objects,
    part,
    read_records,
    utc_moment,
)
from ingestion.connectors.receipts import with_earliest_receipts
from ingestion.problems import Problem

_REQUIRED = ("id", "type", "created_at", "data")
_KNOWN = ("api_version", "resource")


def read_events(context: PassContext, file: DroppedFile) -> Sequence[TableRows]:
    """The events of a file; one delivered again (another attempt) is the same event."""
    try:
        records = [_event_of(record) for record in read_records(file.path, ("data",))]
    except RecordsError as error:
        problem = Problem(EVENTS.table, "error", error.what, error.todo)
        return [TableRows(EVENTS, None, [problem])]
    problems = layout_problems(EVENTS, file.name, records, _REQUIRED, _KNOWN)
    if is_refused(problems):
        return [TableRows(EVENTS, None, problems)]
    key = str(context.source.options.get("client_metadata_key", "customer_id"))
    rows = with_earliest_receipts(context, EVENTS, file, records, partial(_event, key))
    once = {record.body.get("id"): record for record in reversed(records)}
    held = sorted(once.values(), key=lambda record: record.row)
    frames = [frame_of(EVENTS, file.name, rows)]
    for contract, name, read in (
        (TIMELINE, "timeline", _step),
        (PAYMENTS, "payments", _payment),
    ):
        items = [
            (record.row, read(record.body.get("id"), position, item))
            for record in held
            for position, item in enumerate(objects(record.body, "data", name), start=1)
        ]
        frames.append(frame_of(contract, file.name, items))
    problems += rounding_problems(EVENTS, file.name, frames[0], frames[2])
    return [
        TableRows(EVENTS, frames[0], problems),
        TableRows(TIMELINE, frames[1]),
        TableRows(PAYMENTS, frames[2]),
    ]


def _event_of(record: Record) -> Record:
    """The event inside a delivery: its attempt number is the delivery's, not the event's."""
    event = record.body.get("event")
    return Record(record.row, event, record.received_at) if isinstance(event, dict) else record


def _event(client_key: str, record: Record) -> Body:
    data = part(record.body, "data")
    timeline = objects(data, "timeline")
    # The last entry is the current status; the times decide where they were not sent in order.
    ordered = sorted(timeline, key=lambda step: str(step.get("time")))
    last = ordered[-1] if ordered else {}
    return {
        "event_id": record.body.get("id"),
        "event_type": record.body.get("type"),
        "event_created_at": utc_moment(record.body.get("created_at")),
        "code": part(data, "code"),
        "charge_created_at": utc_moment(part(data, "created_at")),
        "charge_expires_at": utc_moment(part(data, "expires_at")),
        "charge_confirmed_at": utc_moment(part(data, "confirmed_at")),
        "pricing_type": part(data, "pricing_type"),
        "price_currency": part(data, "pricing", "local", "currency"),
        **amount_columns("price_amount", part(data, "pricing", "local", "amount")),
        "status": last.get("status"),
        "status_context": last.get("context"),
        "status_at": utc_moment(last.get("time")),
        "timeline_entries": len(timeline),
        "client_reference": part(data, "metadata", client_key),
        "metadata": part(data, "metadata"),
    }


def _step(event_id: object, position: int, step: Body) -> Body:
    return {
        "event_id": event_id,
        "position": position,
        "status": step.get("status"),
        "context": step.get("context"),
        "status_at": utc_moment(step.get("time")),
    }


def _payment(event_id: object, position: int, payment: Body) -> Body:
    local, crypto = part(payment, "value", "local"), part(payment, "value", "crypto")
    return {
        "event_id": event_id,
        "position": position,
        "network": payment.get("network"),
        "transaction_id": payment.get("transaction_id"),
        "status": payment.get("status"),
        "detected_at": utc_moment(payment.get("detected_at")),
        "local_currency": part(local, "currency"),
        **amount_columns("local_amount", part(local, "amount")),
        "crypto_currency": part(crypto, "currency"),
        **amount_columns("crypto_amount", part(crypto, "amount")),
        "payer_addresses": payment.get("payer_addresses"),
    }
