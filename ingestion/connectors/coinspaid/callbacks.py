"""CoinsPaid callbacks as rows: the callback, its fee lines, the transfers it lists."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.connectors.coinspaid.contract import CALLBACKS, FEES, TRANSFERS
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.exact_amounts import amount_columns, rounding_problems
from ingestion.connectors.json_records import (
    Body,
    Record,
    RecordsError,
    content_key,
    frame_of,
    is_refused,
    layout_problems,
    objects,
    part,
    read_records,
)
from ingestion.connectors.receipts import with_earliest_receipts
from ingestion.problems import Problem

_REQUIRED = ("id", "type", "status", "currency_sent")
_KNOWN = (
    "foreign_id", "end_user_reference", "crypto_address", "currency_received", "transactions",
    "fees", "error", "fixed_at", "expires_at",
)  # fmt: skip


def read_callbacks(context: PassContext, file: DroppedFile) -> Sequence[TableRows]:
    """The callbacks of a file, with their fees and transfers; refused when it cannot be read."""
    try:
        records = read_records(file.path)
    except RecordsError as error:
        problem = Problem(CALLBACKS.table, "error", error.what, error.todo)
        return [TableRows(CALLBACKS, None, [problem])]
    problems = layout_problems(CALLBACKS, file.name, records, _REQUIRED, _KNOWN)
    if is_refused(problems):
        return [TableRows(CALLBACKS, None, problems)]
    rows = with_earliest_receipts(context, CALLBACKS, file, records, _callback)
    once = {content_key(record.body): record for record in reversed(records)}
    held = sorted(once.items(), key=lambda item: item[1].row)
    fees = [(r.row, _fee(key, n, fee)) for key, r in held for n, fee in _numbered(r.body, "fees")]
    transfers = [
        (r.row, _transfer(key, n, transfer))
        for key, r in held
        for n, transfer in _numbered(r.body, "transactions")
    ]
    frames = (
        frame_of(CALLBACKS, file.name, rows),
        frame_of(FEES, file.name, fees),
        frame_of(TRANSFERS, file.name, transfers),
    )
    problems += rounding_problems(CALLBACKS, file.name, *frames)
    return [
        TableRows(CALLBACKS, frames[0], problems),
        TableRows(FEES, frames[1]),
        TableRows(TRANSFERS, frames[2]),
    ]


def _numbered(body: Body, name: str) -> list[tuple[int, Body]]:
    return list(enumerate(objects(body, name), start=1))


def _callback(record: Record) -> Body:
    body = record.body
    sent, received = part(body, "currency_sent"), part(body, "currency_received")
    address = part(body, "crypto_address")
    return {
        "callback_key": content_key(body),
        "operation_id": body.get("id"),
        "type": body.get("type"),
        "status": body.get("status"),
        "foreign_id": body.get("foreign_id"),
        "address_foreign_id": part(address, "foreign_id"),
        "end_user_reference": body.get("end_user_reference"),
        "address_id": part(address, "id"),
        "address": part(address, "address"),
        "address_tag": part(address, "tag"),
        "sent_currency": part(sent, "currency"),
        **amount_columns("sent_amount", part(sent, "amount")),
        **amount_columns("remaining_amount", part(sent, "remaining_amount")),
        "received_currency": part(received, "currency"),
        **amount_columns("received_amount", part(received, "amount")),
        **amount_columns("received_amount_minus_fee", part(received, "amount_minus_fee")),
        "error": body.get("error") or None,
        "fixed_at": body.get("fixed_at"),
        "expires_at": body.get("expires_at"),
    }


def _fee(key: str, position: int, fee: Body) -> Body:
    return {
        "callback_key": key,
        "position": position,
        "type": fee.get("type"),
        "currency": fee.get("currency"),
        **amount_columns("amount", fee.get("amount")),
    }


def _transfer(key: str, position: int, transfer: Body) -> Body:
    return {
        "callback_key": key,
        "position": position,
        "transfer_id": transfer.get("id"),
        "transaction_type": transfer.get("transaction_type"),
        "type": transfer.get("type"),
        "currency": transfer.get("currency"),
        **amount_columns("amount", transfer.get("amount")),
        "currency_to": transfer.get("currency_to"),
        **amount_columns("amount_to", transfer.get("amount_to")),
        "blockchain_id": transfer.get("txid"),
        "confirmations": transfer.get("confirmations"),
        "risk_score": transfer.get("riskscore"),
        "address": transfer.get("address"),
    }
