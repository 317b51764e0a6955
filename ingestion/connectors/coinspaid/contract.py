"""Contracts of CoinsPaid: every callback, its fee lines, and the transfers it lists."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

TYPES = ("deposit", "deposit_exchange", "withdrawal", "withdrawal_exchange", "exchange", "invoice")
# Their order, from the first to the furthest, is in the seed ref_coinspaid_statuses.
STATUSES = (
    "created",
    "pending",
    "not_confirmed",
    "processing",
    "failed",
    "cancelled",
    "confirmed",
)


def _amount(name: str, *, nullable: bool = True) -> tuple[Column, Column]:
    """An amount, and its exact text where it has more than 8 decimals."""
    return (
        Column(name, "DECIMAL(24,8)", nullable=nullable),
        Column(f"{name}_exact", "VARCHAR"),
    )


CALLBACKS = TableContract(
    table="coinspaid_callbacks",
    source_table="callback",
    # The hash of the body: CoinsPaid repeats callbacks and gives them no id of their own.
    key=("callback_key",),
    columns=(
        Column("callback_key", "VARCHAR", nullable=False),
        Column("id", "VARCHAR", name="operation_id", nullable=False),
        Column("type", "VARCHAR", nullable=False, allowed=TYPES),
        Column("status", "VARCHAR", nullable=False, allowed=STATUSES),
        Column("foreign_id", "VARCHAR"),
        Column("crypto_address.foreign_id", "VARCHAR", name="address_foreign_id"),
        Column("end_user_reference", "VARCHAR"),
        Column("crypto_address.id", "VARCHAR", name="address_id"),
        Column("crypto_address.address", "VARCHAR", name="address", pii=True),
        Column("crypto_address.tag", "VARCHAR", name="address_tag", pii=True),
        Column("currency_sent.currency", "VARCHAR", name="sent_currency", nullable=False),
        *_amount("sent_amount", nullable=False),
        *_amount("remaining_amount"),
        Column("currency_received.currency", "VARCHAR", name="received_currency"),
        *_amount("received_amount"),
        *_amount("received_amount_minus_fee"),
        Column("error", "VARCHAR"),
        Column("fixed_at", "BIGINT"),
        Column("expires_at", "BIGINT"),
        Column("received_at", "TIMESTAMP", nullable=False),
        Column("is_receipt_stated", "BOOLEAN", nullable=False),
    ),
)

FEES = TableContract(
    table="coinspaid_fees",
    source_table="callback.fees",
    key=("callback_key", "position"),
    columns=(
        Column("callback_key", "VARCHAR", nullable=False),
        Column("position", "INTEGER", nullable=False),
        Column("type", "VARCHAR"),
        Column("currency", "VARCHAR", nullable=False),
        *_amount("amount", nullable=False),
    ),
)

TRANSFERS = TableContract(
    table="coinspaid_transfers",
    source_table="callback.transactions",
    key=("callback_key", "position"),
    columns=(
        Column("callback_key", "VARCHAR", nullable=False),
        Column("position", "INTEGER", nullable=False),
        Column("id", "VARCHAR", name="transfer_id"),
        Column("transaction_type", "VARCHAR"),
        Column("type", "VARCHAR"),
        Column("currency", "VARCHAR", nullable=False),
        *_amount("amount", nullable=False),
        Column("currency_to", "VARCHAR"),
        *_amount("amount_to"),
        Column("txid", "VARCHAR", name="blockchain_id"),
        Column("confirmations", "INTEGER"),
        Column("riskscore", "DOUBLE", name="risk_score"),
        Column("address", "VARCHAR", pii=True),
    ),
)

CONTRACTS = (CALLBACKS, FEES, TRANSFERS)
