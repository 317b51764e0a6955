"""Sumsub webhooks and applicant objects as events, and the documents an applicant object states."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows
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
    text_of,
    utc_moment,
)
from ingestion.connectors.receipts import with_earliest_receipts
from ingestion.connectors.sumsub.contract import DOCUMENTS, EVENTS
from ingestion.problems import Problem

_LISTS = ("list.items", "items")
_KNOWN_OF_WEBHOOKS = (
    "applicantId", "inspectionId", "correlationId", "externalUserId", "levelName",
    "previousLevelName", "applicantType", "reviewStatus", "reviewResult", "reviewMode",
    "createdAt", "createdAtMs", "sandboxMode", "clientId", "applicantMemberOf",
    "applicantActionId", "externalApplicantActionId", "attemptId", "attemptCnt",
    "videoIdentReviewStatus",
)  # fmt: skip
_KNOWN_OF_APPLICANTS = (
    "id", "createdAt", "createdBy", "key", "clientId", "inspectionId", "externalUserId", "info",
    "fixedInfo", "review", "requiredIdDocs", "agreement", "applicantPlatform", "ipCountry", "lang",
    "type", "email", "phone", "tags", "questionnaires", "notes", "riskLabels", "memberOf",
    "authCode", "env", "metadata", "sourceKey",
)  # fmt: skip


def read_events(context: PassContext, file: DroppedFile) -> Sequence[TableRows]:
    """The events of a file, every one of them: an answer that flips is a further event."""
    try:
        records = read_records(file.path, _LISTS)
    except RecordsError as error:
        problem = Problem(EVENTS.table, "error", error.what, error.todo)
        return [TableRows(EVENTS, None, [problem])]
    webhooks = [record for record in records if not _is_applicant(record.body)]
    applicants = [record for record in records if _is_applicant(record.body)]
    problems = [
        *layout_problems(EVENTS, file.name, webhooks, ("type", "applicantId"), _KNOWN_OF_WEBHOOKS),
        *layout_problems(EVENTS, file.name, applicants, ("id",), _KNOWN_OF_APPLICANTS),
    ]
    if is_refused(problems):
        return [TableRows(EVENTS, None, problems)]
    rows = with_earliest_receipts(context, EVENTS, file, records, _event)
    documents: dict[str, list[tuple[int, Body]]] = {}
    for record in applicants:
        key = _key(record)
        documents.setdefault(key, _documents(key, record))
    return [
        TableRows(EVENTS, frame_of(EVENTS, file.name, rows), problems),
        TableRows(
            DOCUMENTS,
            frame_of(DOCUMENTS, file.name, [row for rows in documents.values() for row in rows]),
        ),
    ]


def _is_applicant(body: Body) -> bool:
    """An applicant as the API gives it has an id of its own; a webhook has its applicant's."""
    return "applicantId" not in body and "id" in body


def _key(record: Record) -> str:
    body = record.body
    timed = body.get("createdAtMs") or part(body, "review", "createDate") or body.get("createdAt")
    if timed or record.received_at is None:
        return content_key(body)
    return content_key(body | {"received_at": record.received_at.isoformat()})


def _event(record: Record) -> Body:
    return _applicant(record) if _is_applicant(record.body) else _webhook(record)


def _webhook(record: Record) -> Body:
    body = record.body
    return {
        "event_key": _key(record),
        "record_kind": "webhook",
        "event_type": body.get("type"),
        "correlation_id": body.get("correlationId"),
        "applicant_id": body.get("applicantId"),
        "inspection_id": body.get("inspectionId"),
        "applicant_type": body.get("applicantType"),
        "external_user_id": body.get("externalUserId"),
        "level_name": body.get("levelName"),
        "previous_level_name": body.get("previousLevelName"),
        "attempt_id": body.get("attemptId"),
        "attempt": body.get("attemptCnt"),
        "review_status": body.get("reviewStatus"),
        "is_sandbox": body.get("sandboxMode"),
        "event_at": utc_moment(body.get("createdAtMs") or body.get("createdAt")),
        **_answer(body.get("reviewResult")),
    }


def _applicant(record: Record) -> Body:
    body = record.body
    review = part(body, "review")
    created = utc_moment(part(review, "createDate"))
    reviewed = utc_moment(part(review, "reviewDate"))
    info = part(body, "info") or part(body, "fixedInfo")
    return {
        "event_key": _key(record),
        "record_kind": "applicant",
        "event_type": "applicantData",
        "applicant_id": body.get("id"),
        "inspection_id": body.get("inspectionId"),
        "applicant_type": body.get("type"),
        "external_user_id": body.get("externalUserId"),
        "level_name": part(review, "levelName"),
        "attempt_id": part(review, "attemptId"),
        "attempt": part(review, "attemptCnt"),
        "review_status": part(review, "reviewStatus"),
        "event_at": reviewed or created or utc_moment(body.get("createdAt")),
        "review_created_at": created,
        "reviewed_at": reviewed,
        "first_name": part(info, "firstName"),
        "last_name": part(info, "lastName"),
        "birth_date": part(info, "dob"),
        "email": body.get("email"),
        "phone": body.get("phone"),
        **_answer(part(review, "reviewResult")),
    }


def _answer(result: object) -> Body:
    return {
        "review_answer": part(result, "reviewAnswer"),
        "review_reject_type": part(result, "reviewRejectType"),
        "reject_labels": text_of(part(result, "rejectLabels")),
        "button_ids": text_of(part(result, "buttonIds")),
        "moderation_comment": part(result, "moderationComment"),
        "client_comment": part(result, "clientComment"),
    }


def _documents(key: str, record: Record) -> list[tuple[int, Body]]:
    listed = objects(record.body, "info", "idDocs")
    return [
        (
            record.row,
            {
                "event_key": key,
                "position": position,
                "applicant_id": record.body.get("id"),
                "document_type": document.get("idDocType"),
                "document_subtype": document.get("idDocSubType"),
                "issuing_country": document.get("country"),
                "issued_date": document.get("issuedDate"),
                "expiry_date": document.get("validUntil"),
                "document_number": document.get("number"),
                "first_name": document.get("firstName"),
                "last_name": document.get("lastName"),
                "birth_date": document.get("dob"),
            },
        )
        for position, document in enumerate(listed, start=1)
    ]
