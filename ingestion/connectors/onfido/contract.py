"""Contracts of Onfido (API v3.6): every webhook and object as an event, and documents reported."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

KINDS = ("webhook", "check", "report", "workflow_run", "watchlist_monitor")

EVENTS = TableContract(
    table="onfido_events",
    source_table="event",
    # The hash of the body (with the stated receipt where the body has no time of its own): a
    # webhook has no id, and a check that is reopened says twice that it is complete.
    key=("event_key",),
    columns=(
        Column("event_key", "VARCHAR", nullable=False),
        Column("record_kind", "VARCHAR", nullable=False, allowed=KINDS),
        Column("resource_type", "VARCHAR", nullable=False),
        Column("action", "VARCHAR"),
        Column("object.id", "VARCHAR", name="object_id", nullable=False),
        Column("object.status", "VARCHAR", name="status"),
        Column("result", "VARCHAR"),
        Column("sub_result", "VARCHAR"),
        Column("name", "VARCHAR", name="report_name"),
        Column("check_id", "VARCHAR"),
        Column("applicant_id", "VARCHAR"),
        Column("customer_user_id", "VARCHAR"),
        Column("tagged_reference", "VARCHAR"),
        Column("workflow_id", "VARCHAR"),
        Column("workflow_version_id", "VARCHAR"),
        Column("workflow_run_id", "VARCHAR"),
        Column("reasons", "VARCHAR"),
        Column("breakdown", "VARCHAR", name="considered_breakdowns"),
        Column("sandbox", "BOOLEAN", name="is_sandbox"),
        Column("created_at", "TIMESTAMP"),
        Column("started_at_iso8601", "TIMESTAMP", name="started_at"),
        Column("completed_at_iso8601", "TIMESTAMP", name="completed_at"),
        Column("updated_at", "TIMESTAMP"),
        Column("received_at", "TIMESTAMP", nullable=False),
        Column("is_receipt_stated", "BOOLEAN", nullable=False),
    ),
)

DOCUMENTS = TableContract(
    table="onfido_documents",
    source_table="report.properties",
    key=("event_key",),
    columns=(
        Column("event_key", "VARCHAR", nullable=False),
        Column("report_id", "VARCHAR", nullable=False),
        Column("check_id", "VARCHAR"),
        Column("document_type", "VARCHAR"),
        Column("issuing_country", "VARCHAR"),
        Column("issuing_date", "DATE", name="issued_date"),
        Column("date_of_expiry", "DATE", name="expiry_date"),
        Column("first_name", "VARCHAR", pii=True),
        Column("last_name", "VARCHAR", pii=True),
        Column("date_of_birth", "DATE", name="birth_date", pii=True),
        Column("document_numbers", "VARCHAR", pii=True),
        Column("address", "VARCHAR", pii=True),
    ),
)

CONTRACTS = (EVENTS, DOCUMENTS)
