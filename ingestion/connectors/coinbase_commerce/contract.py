"""Contracts of Coinbase Commerce: events about charges, with their timeline and payments."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

EVENTS = TableContract(
    table="coinbase_commerce_events",
    source_table="event",
    key=("event_id",),
    columns=(
        Column("id", "VARCHAR", name="event_id", nullable=False),
        Column("type", "VARCHAR", name="event_type", nullable=False),
        Column("created_at", "TIMESTAMP", name="event_created_at", nullable=False),
        Column("data.code", "VARCHAR", name="code", nullable=False),
        Column("data.created_at", "TIMESTAMP", name="charge_created_at"),
        Column("data.expires_at", "TIMESTAMP", name="charge_expires_at"),
        Column("data.confirmed_at", "TIMESTAMP", name="charge_confirmed_at"),
        Column("data.pricing_type", "VARCHAR", name="pricing_type"),
        Column("data.pricing.local.currency", "VARCHAR", name="price_currency"),
        Column("data.pricing.local.amount", "DECIMAL(24,8)", name="price_amount"),
        Column("price_amount_exact", "VARCHAR"),
        Column("data.timeline.status", "VARCHAR", name="status"),
        Column("data.timeline.context", "VARCHAR", name="status_context"),
        Column("data.timeline.time", "TIMESTAMP", name="status_at"),
        Column("timeline_entries", "INTEGER", nullable=False),
        Column("data.metadata.<client key>", "VARCHAR", name="client_reference"),
        Column("data.metadata", "VARCHAR", name="metadata", pii=True),
        Column("received_at", "TIMESTAMP", nullable=False),
        Column("is_receipt_stated", "BOOLEAN", nullable=False),
    ),
)

TIMELINE = TableContract(
    table="coinbase_commerce_timeline",
    source_table="event.data.timeline",
    key=("event_id", "position"),
    columns=(
        Column("event_id", "VARCHAR", nullable=False),
        Column("position", "INTEGER", nullable=False),
        Column("status", "VARCHAR", nullable=False),
        Column("context", "VARCHAR"),
        Column("time", "TIMESTAMP", name="status_at", nullable=False),
    ),
)

PAYMENTS = TableContract(
    table="coinbase_commerce_payments",
    source_table="event.data.payments",
    key=("event_id", "position"),
    columns=(
        Column("event_id", "VARCHAR", nullable=False),
        Column("position", "INTEGER", nullable=False),
        Column("network", "VARCHAR"),
        Column("transaction_id", "VARCHAR"),
        Column("status", "VARCHAR", nullable=False),
        Column("detected_at", "TIMESTAMP"),
        Column("value.local.currency", "VARCHAR", name="local_currency"),
        Column("value.local.amount", "DECIMAL(24,8)", name="local_amount"),
        Column("local_amount_exact", "VARCHAR"),
        Column("value.crypto.currency", "VARCHAR", name="crypto_currency", nullable=False),
        Column("value.crypto.amount", "DECIMAL(24,8)", name="crypto_amount", nullable=False),
        Column("crypto_amount_exact", "VARCHAR"),
        Column("payer_addresses", "VARCHAR", pii=True),
    ),
)

CONTRACTS = (EVENTS, TIMELINE, PAYMENTS)
