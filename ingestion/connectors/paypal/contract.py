"""Contracts of PayPal: the rows of its activity and statement downloads."""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.running_balance import balance_contract
from ingestion.contracts import Column, TableContract


def net_is_gross_and_fee(rows: pl.DataFrame) -> pl.DataFrame:
    """Gross and fee, both signed, come to net."""
    broken = rows.filter(pl.col("gross") + pl.col("fee") != pl.col("net"))
    return broken.select(
        ROW,
        pl.lit("net").alias("column_name"),
        pl.lit("Gross and Fee do not come to Net").alias("reason"),
    )


TRANSACTIONS = TableContract(
    table="paypal_transactions",
    source_table="activity",
    # A transaction that was pending comes again when it is completed: both rows are kept.
    key=("transaction_id", "currency", "status_code", "occurrence"),
    rules=(net_is_gross_and_fee,),
    columns=(
        Column("Transaction ID", "VARCHAR", name="transaction_id", required=True, nullable=False),
        Column("Currency", "VARCHAR", name="currency", required=True, nullable=False),
        # completed, pending, ...; "none" where the layout has no such column.
        Column("status_code", "VARCHAR", nullable=False),
        Column("occurrence", "INTEGER", nullable=False),
        Column("Date and Time", "TIMESTAMP", name="occurred_at", required=True, nullable=False),
        Column("TimeZone", "VARCHAR", name="time_zone", required=True, nullable=False),
        Column("iana_zone", "VARCHAR", nullable=False),
        Column("Type", "VARCHAR", name="type"),
        Column("Status", "VARCHAR", name="status"),
        Column("Gross", "DECIMAL(24,8)", name="gross", required=True, nullable=False),
        Column("Fee", "DECIMAL(24,8)", name="fee", required=True, nullable=False),
        Column("Net", "DECIMAL(24,8)", name="net", required=True, nullable=False),
        Column("Balance", "DECIMAL(24,8)", name="balance"),
        Column("Balance Impact", "VARCHAR", name="balance_impact"),
        Column("Reference Txn ID", "VARCHAR", name="reference_transaction_id"),
        Column("Invoice Number", "VARCHAR", name="invoice_number"),
        Column("Custom Number", "VARCHAR", name="custom_number"),
        Column("Name", "VARCHAR", name="name", pii=True),
        Column("From Email Address", "VARCHAR", name="from_email", pii=True),
        Column("To Email Address", "VARCHAR", name="to_email", pii=True),
        Column("Subject", "VARCHAR", name="subject", pii=True),
        Column("Note", "VARCHAR", name="note", pii=True),
    ),
)

BALANCE_CHECKS = balance_contract("paypal")

CONTRACTS = (TRANSACTIONS, BALANCE_CHECKS)
