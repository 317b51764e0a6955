"""Contracts of Stripe: balance transactions of the API, and the itemised balance report."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

BALANCE_TRANSACTIONS = TableContract(
    table="stripe_balance_transactions",
    source_table="balance_transaction",
    key=("id",),
    columns=(
        Column("id", "VARCHAR", required=True, nullable=False),
        Column("amount", "BIGINT", required=True, nullable=False),
        Column("currency", "VARCHAR", required=True, nullable=False),
        Column("fee", "BIGINT", required=True, nullable=False),
        Column("net", "BIGINT", required=True, nullable=False),
        Column("type", "VARCHAR", required=True, nullable=False),
        Column("reporting_category", "VARCHAR"),
        Column("status", "VARCHAR"),
        Column("created", "BIGINT", required=True, nullable=False),
        Column("available_on", "BIGINT"),
        Column("source", "VARCHAR", name="source_id"),
        Column("exchange_rate", "DOUBLE"),
        Column("description", "VARCHAR"),
        Column("balance_type", "VARCHAR"),
    ),
)

REPORT_LINES = TableContract(
    table="stripe_report_lines",
    source_table="balance_change_from_activity.itemized.3",
    key=("balance_transaction_id",),
    columns=(
        Column("balance_transaction_id", "VARCHAR", required=True, nullable=False),
        Column("created_utc", "TIMESTAMP", required=True, nullable=False),
        Column("available_on_utc", "TIMESTAMP"),
        Column("currency", "VARCHAR", required=True, nullable=False),
        Column("gross", "DECIMAL(24,8)", required=True, nullable=False),
        Column("fee", "DECIMAL(24,8)", required=True, nullable=False),
        Column("net", "DECIMAL(24,8)", required=True, nullable=False),
        Column("reporting_category", "VARCHAR", required=True),
        Column("source_id", "VARCHAR"),
        Column("charge_id", "VARCHAR"),
        Column("payout_id", "VARCHAR"),
        Column("description", "VARCHAR"),
    ),
)

CONTRACTS = (BALANCE_TRANSACTIONS, REPORT_LINES)
