"""Onfido webhooks and API objects (v3.6) as events, and the document a report states.

Objects are told by what they carry, as in Onfido's OpenAPI description: a report has a ``check_id``
and a ``name``, a check its ``report_ids``, a workflow run its ``workflow_id``, a watchlist monitor
a ``report_name``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.json_records import (
    Body,
    Record,
    RecordsError,
    content_key,
    frame_of,
    objects,
    part,
    read_records,
    text_of,
    utc_moment,
)
from ingestion.connectors.onfido.contract import DOCUMENTS, EVENTS
from ingestion.connectors.receipts import with_earliest_receipts
from ingestion.problems import Problem

_LISTS = ("checks", "reports", "monitors")
_TIMES = ("started_at_iso8601", "completed_at_iso8601")


def read_events(context: PassContext, file: DroppedFile) -> Sequence[TableRows]:
    """The events of a file, every one of them: an answer that flips is a further event."""
    try:
        records = [_unwrapped(record) for record in read_records(file.path, _LISTS)]
    except RecordsError as error:
        problem = Problem(EVENTS.table, "error", error.what, error.todo)
        return [TableRows(EVENTS, None, [problem])]
    unknown = [record.row for record in records if not _kind(record.body)]
    if unknown:
        some = ", ".join(map(str, unknown[:10]))
        problem = Problem(
            EVENTS.table,
            "error",
            f"{file.name}: rows {some} ({len(unknown)} in all) are neither an Onfido webhook nor "
            "a check, report, workflow run or watchlist monitor.",
            "see the connector's README for what it reads; nothing of the file was loaded",
        )
        return [TableRows(EVENTS, None, [problem])]
    prefix = str(context.source.options.get("client_tag_prefix", "client:"))
    rows = with_earliest_receipts(context, EVENTS, file, records, partial(_event, prefix))
    documents = {
        _key(record): (record.row, _document(record))
        for record in reversed(records)
        if _kind(record.body) == "report" and part(record.body, "properties", "document_type")
    }
    return [
        TableRows(EVENTS, frame_of(EVENTS, file.name, rows)),
        TableRows(DOCUMENTS, frame_of(DOCUMENTS, file.name, documents.values())),
    ]


def _unwrapped(record: Record) -> Record:
    payload = record.body.get("payload")
    return Record(record.row, payload, record.received_at) if isinstance(payload, dict) else record


def _kind(body: Body) -> str:
    """What a record is; empty when it is nothing of Onfido's."""
    if isinstance(body.get("object"), dict) and "resource_type" in body:
        return "webhook"
    if "id" not in body:
        return ""
    if "check_id" in body and "name" in body:
        return "report"
    if "report_ids" in body:
        return "check"
    if "workflow_id" in body:
        return "workflow_run"
    return "watchlist_monitor" if "report_name" in body else ""


def _key(record: Record) -> str:
    body = record.body
    timed = any(part(body, "object", name) for name in _TIMES) or any(
        part(place, name)
        for place in (body, part(body, "resource"))
        for name in ("updated_at", "created_at")
    )
    if timed or record.received_at is None:
        return content_key(body)
    return content_key(body | {"received_at": record.received_at.isoformat()})


def _event(prefix: str, record: Record) -> Body:
    kind = _kind(record.body)
    return {
        "event_key": _key(record),
        "record_kind": kind,
        **(_webhook(prefix, record.body) if kind == "webhook" else _object(prefix, kind, record)),
    }


def _webhook(prefix: str, body: Body) -> Body:
    about, resource = part(body, "object"), part(body, "resource")
    kind = body.get("resource_type")
    return {
        "resource_type": kind,
        "action": body.get("action"),
        "object_id": part(about, "id"),
        "status": part(about, "status"),
        "result": part(resource, "result"),
        "applicant_id": part(resource, "applicant_id"),
        "customer_user_id": part(resource, "customer_user_id"),
        "tagged_reference": _tagged(prefix, part(resource, "tags")),
        "workflow_id": part(resource, "workflow_id"),
        "workflow_version_id": part(resource, "workflow_version_id"),
        "workflow_run_id": part(about, "id")
        if kind == "workflow_run"
        else part(resource, "workflow_run_id"),
        "reasons": text_of(part(resource, "reasons")),
        "created_at": utc_moment(part(resource, "created_at")),
        "started_at": utc_moment(part(about, "started_at_iso8601")),
        "completed_at": utc_moment(part(about, "completed_at_iso8601")),
        "updated_at": utc_moment(part(resource, "updated_at")),
    }


def _object(prefix: str, kind: str, record: Record) -> Body:
    body = record.body
    breakdown = part(body, "breakdown")
    considered = [
        name
        for name, item in sorted(breakdown.items() if isinstance(breakdown, dict) else ())
        if part(item, "result") not in (None, "clear")
    ]
    return {
        "resource_type": kind,
        "object_id": body.get("id"),
        "status": body.get("status"),
        "result": body.get("result"),
        "sub_result": body.get("sub_result"),
        "report_name": body.get("name") or body.get("report_name"),
        "check_id": body.get("id") if kind == "check" else body.get("check_id"),
        "applicant_id": body.get("applicant_id"),
        "customer_user_id": body.get("customer_user_id"),
        "tagged_reference": _tagged(prefix, body.get("tags")),
        "workflow_id": body.get("workflow_id"),
        "workflow_version_id": body.get("workflow_version_id"),
        "workflow_run_id": body.get("id") if kind == "workflow_run" else None,
        "reasons": text_of(body.get("reasons")),
        "considered_breakdowns": text_of(considered),
        "is_sandbox": body.get("sandbox", body.get("is_sandbox")),
        "created_at": utc_moment(body.get("created_at")),
        "updated_at": utc_moment(body.get("updated_at") or body.get("deleted_at")),
    }


def _tagged(prefix: str, tags: object) -> str | None:
    """The client reference that a tag like ``client:C0001`` carries."""
    for tag in tags if isinstance(tags, list) else []:
        if str(tag).startswith(prefix):
            return str(tag).removeprefix(prefix)
    return None


def _document(record: Record) -> Body:
    stated = part(record.body, "properties")
    numbers = [item.get("value") for item in objects(stated, "document_numbers")]
    return {
        "event_key": _key(record),
        "report_id": record.body.get("id"),
        "check_id": record.body.get("check_id"),
        "document_type": part(stated, "document_type"),
        "issuing_country": part(stated, "issuing_country"),
        "issued_date": part(stated, "issuing_date") or part(stated, "issue_date"),
        "expiry_date": part(stated, "date_of_expiry"),
        "first_name": part(stated, "first_name") or part(stated, "first_names"),
        "last_name": part(stated, "last_name") or part(stated, "last_names"),
        "birth_date": part(stated, "date_of_birth"),
        "document_numbers": text_of(numbers),
        "address": part(stated, "address"),
    }
