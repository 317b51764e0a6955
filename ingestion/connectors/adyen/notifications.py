"""Adyen's webhooks as files: standard notifications, and the newer typed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.adyen.contract import NOTIFICATIONS
from ingestion.connectors.csv_files import FileRead
from ingestion.connectors.json_files import (
    UnreadableJsonError,
    object_of,
    read_json,
    text_of,
    utc_text,
)
from ingestion.problems import Problem

_ADDITIONAL = (
    "chargebackReasonCode", "chargebackSchemeCode", "disputeStatus", "defensePeriodEndsAt",
    "cardSummary",
)  # fmt: skip
# What an authorisation says instead of a reason: approval code, last four digits, expiry.
_CARD = re.compile(r"^\w+:\d{4}:\d{1,2}/\d{4}$")
_TABLE = NOTIFICATIONS.table


def read_notifications(path: Path, sha256: str) -> FileRead | None:
    """The notifications of a file, one or many a body, one or many bodies; None: it holds none.

    The row number is the notification's position in the file.
    """
    try:
        documents = read_json(path)
    except UnreadableJsonError as error:
        return _failed(sha256, f"{path.name} is no JSON: {error}.")
    bodies = [body for _, document in documents for body in _bodies(document)]
    if not bodies or not all(_is_notification(body) for body in bodies):
        if not any(_is_notification(body) for body in bodies):
            return None
        position = next(n for n, body in enumerate(bodies, 1) if not _is_notification(body))
        return _failed(sha256, f"{path.name}: entry {position} is no Adyen notification.")
    rows = [row for body in bodies for row in _rows(body)]
    schema = {column.target: pl.String() for column in NOTIFICATIONS.columns}
    frame = pl.DataFrame(
        {c.target: [row.get(c.source) for row in rows] for c in NOTIFICATIONS.columns},
        schema=schema,
    )
    return FileRead(
        frame.with_columns(
            pl.lit(path.name).alias(SOURCE_TABLE),
            pl.int_range(1, pl.len() + 1).alias(SOURCE_ROW),
        ),
        sha256,
        [],
    )


def _bodies(document: object) -> list[Any]:
    return document if isinstance(document, list) else [document]


def _is_notification(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    items = body.get("notificationItems")
    if items is not None:
        return isinstance(items, list) and all(
            isinstance(item, dict) and isinstance(item.get("NotificationRequestItem"), dict)
            for item in items
        )
    typed = isinstance(body.get("data"), dict) and "type" in body and "environment" in body
    return typed or "eventCode" in body or "NotificationRequestItem" in body


def _rows(body: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    if "data" in body and "eventCode" not in body:
        yield _typed(body)
        return
    wrapped = body.get("notificationItems") or [body]
    live = text_of(body.get("live"))
    for item in wrapped:
        yield _standard(item.get("NotificationRequestItem", item), live)


def _standard(item: dict[str, Any], live: str | None) -> dict[str, str | None]:
    amount, extra = object_of(item.get("amount")), object_of(item.get("additionalData"))
    row = {column.source: text_of(item.get(column.source)) for column in NOTIFICATIONS.columns}
    row |= {name: text_of(extra.get(name)) for name in _ADDITIONAL}
    reason = row["reason"]
    if reason is not None and (reason == "null" or _CARD.match(reason)):
        row["reason"] = None
        row["cardSummary"] = row["cardSummary"] or (None if reason == "null" else reason)
    return row | {
        "success": row["success"] or "none",
        "eventAt": utc_text(row["eventDate"]),
        "currency": text_of(amount.get("currency")),
        "value": text_of(amount.get("value")),
        "live": live,
        "shopperReference": text_of(
            extra.get("shopperReference")
            or extra.get("tokenization.shopperReference")
            or extra.get("recurring.shopperReference")
        ),
    }


def _typed(body: dict[str, Any]) -> dict[str, str | None]:
    """A webhook of the newer form: ``type``, ``createdAt`` and the object in ``data``."""
    data = object_of(body["data"])
    amount = object_of(data.get("amount"))
    return {
        "pspReference": text_of(data.get("pspReference") or data.get("id")),
        "eventCode": text_of(body.get("type")),
        "success": "none",
        "eventDate": text_of(body.get("createdAt") or body.get("timestamp")),
        "eventAt": utc_text(text_of(body.get("createdAt") or body.get("timestamp"))),
        "merchantAccountCode": text_of(data.get("merchantAccount")),
        "merchantReference": text_of(data.get("reference")),
        "currency": text_of(amount.get("currency")),
        "value": text_of(amount.get("value")),
        "live": None if "environment" not in body else str(body["environment"] == "live").lower(),
        "shopperReference": text_of(data.get("shopperReference")),
    }


def _failed(sha256: str, what: str) -> FileRead:
    todo = "deliver it again as Adyen sent it; nothing of the file was loaded"
    return FileRead(None, sha256, [Problem(_TABLE, "error", what, todo)])
