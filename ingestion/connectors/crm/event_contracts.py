"""Contracts of what staff and clients did in the CRM: approvals, notes, logins, devices, bonuses.

What people wrote and where they connected from is personal data: texts and IP addresses go to
schema pii. Devices carry the CRM's own id, which says nothing about a person by itself.
"""

from __future__ import annotations

from ingestion.contracts import Column, TableContract, must

STAFF_USERS = TableContract(
    table="crm_staff_users",
    source_table="staff_users",
    key=("staff_id",),
    columns=(
        must("staff_id"),
        Column("role", "VARCHAR"),
        Column("team", "VARCHAR"),
        Column("status", "VARCHAR"),
        Column("created_at", "TIMESTAMP"),
        Column("name", "VARCHAR", pii=True),
        Column("email", "VARCHAR", pii=True),
    ),
)

CASH_APPROVALS = TableContract(
    table="crm_cash_approvals",
    source_table="cash_approvals",
    key=("approval_id",),
    columns=(
        must("approval_id"),
        must("request_id"),
        must("staff_id"),
        must("decision", allowed=("approved", "declined", "escalated")),
        must("decided_at", "TIMESTAMP"),
        Column("step", "INTEGER"),
        Column("comment", "VARCHAR", pii=True),
    ),
)

CLIENT_NOTES = TableContract(
    table="crm_client_notes",
    source_table="client_notes",
    key=("note_id",),
    versioning="marker",
    marker="written_at",
    columns=(
        must("note_id"),
        must("client_id"),
        Column("staff_id", "VARCHAR"),
        Column("category", "VARCHAR"),
        must("written_at", "TIMESTAMP"),
        Column("body", "VARCHAR", pii=True),
    ),
)

LOGIN_EVENTS = TableContract(
    table="crm_login_events",
    source_table="login_events",
    key=("event_id",),
    versioning="marker",
    marker="occurred_at",
    columns=(
        must("event_id"),
        must("client_id"),
        must("occurred_at", "TIMESTAMP"),
        must("result", allowed=("success", "failure")),
        Column("channel", "VARCHAR"),
        Column("country", "VARCHAR"),
        Column("device_id", "VARCHAR"),
        Column("ip_address", "VARCHAR", pii=True),
    ),
)

DEVICE_EVENTS = TableContract(
    table="crm_device_events",
    source_table="device_events",
    key=("event_id",),
    versioning="marker",
    marker="occurred_at",
    columns=(
        must("event_id"),
        must("client_id"),
        must("device_id"),
        must("occurred_at", "TIMESTAMP"),
        must("event", allowed=("registered", "trusted", "removed")),
        Column("platform", "VARCHAR"),
        Column("ip_address", "VARCHAR", pii=True),
    ),
)

BONUS_GRANTS = TableContract(
    table="crm_bonus_grants",
    source_table="bonus_grants",
    key=("grant_id",),
    columns=(
        must("grant_id"),
        must("client_id"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
        Column("campaign", "VARCHAR"),
        must("status", allowed=("granted", "released", "cancelled", "expired")),
        must("amount", "DECIMAL(24,8)"),
        must("currency"),
        must("granted_at", "TIMESTAMP"),
        Column("ended_at", "TIMESTAMP"),
        Column("staff_id", "VARCHAR"),
    ),
)

EVENT_CONTRACTS = (
    STAFF_USERS,
    CASH_APPROVALS,
    CLIENT_NOTES,
    LOGIN_EVENTS,
    DEVICE_EVENTS,
    BONUS_GRANTS,
)
