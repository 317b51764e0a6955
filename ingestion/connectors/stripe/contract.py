"""Contracts of Stripe: objects of the API, events, and the itemised balance report."""

from __future__ import annotations

from ingestion.contracts import Column, ColumnType, TableContract


def _must(name: str, kind: ColumnType = "VARCHAR", target: str = "") -> Column:
    return Column(name, kind, name=target, required=True, nullable=False)


# Who stated an object: the event that carried it, or an API list, which says no time of its own.
_STATED = (
    Column("stated_by", "VARCHAR", nullable=False),
    Column("stated_at", "BIGINT"),
)

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

PAYOUTS = TableContract(
    table="stripe_payouts",
    source_table="payout",
    key=("id", "stated_by"),
    columns=(
        _must("id"),
        *_STATED,
        _must("amount", "BIGINT"),
        _must("currency"),
        _must("status"),
        Column("automatic", "BOOLEAN", nullable=False),
        _must("created", "BIGINT"),
        Column("arrival_date", "BIGINT"),
        Column("balance_transaction", "VARCHAR", name="balance_transaction_id"),
        Column("failure_balance_transaction", "VARCHAR", name="failure_balance_transaction_id"),
        Column("failure_code", "VARCHAR"),
        Column("original_payout", "VARCHAR", name="original_payout_id"),
        Column("reversed_by", "VARCHAR", name="reversed_by_payout_id"),
        Column("destination", "VARCHAR", name="destination_id"),
        Column("method", "VARCHAR"),
        Column("type", "VARCHAR"),
        Column("statement_descriptor", "VARCHAR"),
    ),
)

DISPUTES = TableContract(
    table="stripe_disputes",
    source_table="dispute",
    key=("id", "stated_by"),
    columns=(
        _must("id"),
        *_STATED,
        _must("amount", "BIGINT"),
        _must("currency"),
        _must("status"),
        _must("created", "BIGINT"),
        Column("charge", "VARCHAR", name="charge_id"),
        Column("payment_intent", "VARCHAR", name="payment_intent_id"),
        Column("reason", "VARCHAR"),
        Column("evidence_details.due_by", "BIGINT", name="evidence_due_by"),
        Column(
            "payment_method_details.card.network_reason_code", "VARCHAR", name="network_reason_code"
        ),
        Column("payment_method_details.card.case_type", "VARCHAR", name="case_type"),
        # The ids of what it moved on the balance, in the order given, with commas between.
        Column("balance_transactions", "VARCHAR", name="balance_transaction_ids"),
    ),
)

REFUNDS = TableContract(
    table="stripe_refunds",
    source_table="refund",
    key=("id", "stated_by"),
    columns=(
        _must("id"),
        *_STATED,
        _must("amount", "BIGINT"),
        _must("currency"),
        Column("status", "VARCHAR"),
        _must("created", "BIGINT"),
        Column("charge", "VARCHAR", name="charge_id"),
        Column("payment_intent", "VARCHAR", name="payment_intent_id"),
        Column("balance_transaction", "VARCHAR", name="balance_transaction_id"),
        Column("failure_balance_transaction", "VARCHAR", name="failure_balance_transaction_id"),
        Column("failure_reason", "VARCHAR"),
        Column("reason", "VARCHAR"),
    ),
)

EVENTS = TableContract(
    table="stripe_events",
    source_table="event",
    key=("id",),
    columns=(
        _must("id"),
        _must("type"),
        _must("created", "BIGINT"),
        Column("account", "VARCHAR", name="account_id"),
        Column("api_version", "VARCHAR"),
        Column("livemode", "BOOLEAN"),
        Column("data.object.object", "VARCHAR", name="object_type"),
        Column("data.object.id", "VARCHAR", name="object_id"),
        Column("data.object.status", "VARCHAR", name="object_status"),
        Column("data.object.amount", "BIGINT", name="object_amount"),
        Column("data.object.currency", "VARCHAR", name="object_currency"),
    ),
)

# What an object of the API says it is -> where it belongs.
OBJECTS = {
    "balance_transaction": BALANCE_TRANSACTIONS,
    "payout": PAYOUTS,
    "dispute": DISPUTES,
    "refund": REFUNDS,
    "event": EVENTS,
}

CONTRACTS = (BALANCE_TRANSACTIONS, REPORT_LINES, PAYOUTS, DISPUTES, REFUNDS, EVENTS)
