"""Contracts of Wise: the lines of its balance statements."""

from __future__ import annotations

from ingestion.connectors.running_balance import balance_contract
from ingestion.contracts import Column, ColumnType, TableContract

_MONEY: ColumnType = "DECIMAL(24,8)"

STATEMENT_LINES = TableContract(
    table="wise_statement_lines",
    source_table="balance_statement",
    # One reference stands for a transfer, its fee line, both sides of a conversion, its refunds.
    key=("balance_id", "currency", "reference_number", "direction", "booked_on", "line"),
    columns=(
        Column("balance_id", "VARCHAR", nullable=False),
        Column("currency", "VARCHAR", nullable=False),
        Column("referenceNumber", "VARCHAR", required=True, nullable=False),
        Column("type", "VARCHAR", name="direction", nullable=False, allowed=("CREDIT", "DEBIT")),
        Column("date", "TIMESTAMP", name="booked_at", required=True, nullable=False),
        Column("booked_on", "DATE", nullable=False),
        Column("line", "INTEGER", nullable=False),
        Column("zone", "VARCHAR", nullable=False),
        Column("amount", _MONEY, required=True, nullable=False),
        Column("totalFees", _MONEY, name="total_fees"),
        Column("is_fee_line", "BOOLEAN", nullable=False),
        # COMPACT or FLAT where the file shows it; empty where it could be either.
        Column("statement_type", "VARCHAR"),
        Column("runningBalance", _MONEY, name="running_balance"),
        Column("details.type", "VARCHAR", name="details_type"),
        Column("details.paymentReference", "VARCHAR", name="payment_reference"),
        Column("exchange_from_currency", "VARCHAR"),
        Column("exchange_from_amount", _MONEY),
        Column("exchange_to_currency", "VARCHAR"),
        Column("exchange_to_amount", _MONEY),
        Column("exchange_rate", "DECIMAL(24,12)"),
        Column("merchant_name", "VARCHAR"),
        Column("details.description", "VARCHAR", name="description", pii=True),
        Column("sender_name", "VARCHAR", pii=True),
        Column("sender_account", "VARCHAR", pii=True),
        Column("recipient_name", "VARCHAR", pii=True),
        Column("recipient_account", "VARCHAR", pii=True),
        Column("card_holder_name", "VARCHAR", pii=True),
    ),
)

BALANCE_CHECKS = balance_contract("wise")

CONTRACTS = (STATEMENT_LINES, BALANCE_CHECKS)
