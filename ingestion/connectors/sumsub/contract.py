"""Contracts of Sumsub: every webhook and applicant object as an event, and the documents stated."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

EVENTS = TableContract(
    table="sumsub_events",
    source_table="event",
    # The hash of the body (with the stated receipt where the body has no time of its own): a
    # correlation id is shared by all events of one request.
    key=("event_key",),
    columns=(
        Column("event_key", "VARCHAR", nullable=False),
        Column("record_kind", "VARCHAR", nullable=False, allowed=("webhook", "applicant")),
        Column("type", "VARCHAR", name="event_type", nullable=False),
        Column("correlationId", "VARCHAR"),
        Column("applicantId", "VARCHAR", nullable=False),
        Column("inspectionId", "VARCHAR"),
        Column("applicantType", "VARCHAR"),
        Column("externalUserId", "VARCHAR"),
        Column("levelName", "VARCHAR"),
        Column("previousLevelName", "VARCHAR"),
        Column("attemptId", "VARCHAR"),
        Column("attemptCnt", "INTEGER", name="attempt"),
        Column("reviewStatus", "VARCHAR"),
        Column("reviewResult.reviewAnswer", "VARCHAR", name="review_answer"),
        Column("reviewResult.reviewRejectType", "VARCHAR", name="review_reject_type"),
        Column("reviewResult.rejectLabels", "VARCHAR", name="reject_labels"),
        Column("reviewResult.buttonIds", "VARCHAR", name="button_ids"),
        Column("sandboxMode", "BOOLEAN", name="is_sandbox"),
        Column("createdAtMs", "TIMESTAMP", name="event_at"),
        Column("createDate", "TIMESTAMP", name="review_created_at"),
        Column("reviewDate", "TIMESTAMP", name="reviewed_at"),
        # Free texts about a person, and what the vendor read from the person's documents.
        Column("reviewResult.moderationComment", "VARCHAR", name="moderation_comment", pii=True),
        Column("reviewResult.clientComment", "VARCHAR", name="client_comment", pii=True),
        Column("info.firstName", "VARCHAR", name="first_name", pii=True),
        Column("info.lastName", "VARCHAR", name="last_name", pii=True),
        Column("info.dob", "DATE", name="birth_date", pii=True),
        Column("email", "VARCHAR", pii=True),
        Column("phone", "VARCHAR", pii=True),
        Column("received_at", "TIMESTAMP", nullable=False),
        Column("is_receipt_stated", "BOOLEAN", nullable=False),
    ),
)

DOCUMENTS = TableContract(
    table="sumsub_documents",
    source_table="event.info.idDocs",
    key=("event_key", "position"),
    columns=(
        Column("event_key", "VARCHAR", nullable=False),
        Column("position", "INTEGER", nullable=False),
        Column("applicantId", "VARCHAR", nullable=False),
        Column("idDocType", "VARCHAR", name="document_type", nullable=False),
        Column("idDocSubType", "VARCHAR", name="document_subtype"),
        Column("country", "VARCHAR", name="issuing_country"),
        Column("issuedDate", "DATE", name="issued_date"),
        Column("validUntil", "DATE", name="expiry_date"),
        Column("number", "VARCHAR", name="document_number", pii=True),
        Column("firstName", "VARCHAR", pii=True),
        Column("lastName", "VARCHAR", pii=True),
        Column("dob", "DATE", name="birth_date", pii=True),
    ),
)

CONTRACTS = (EVENTS, DOCUMENTS)
