"""Contracts of bank statements: what is booked, and apart from it what is only announced.

An account is an IBAN (or the bank's number) and a currency: one IBAN may be kept in several. Names,
accounts and payment texts of the other side are personal data; the broker's own account is not.
"""

from __future__ import annotations

from ingestion.contracts import Column, ColumnType, TableContract

# Blocks are single statements, see ``statement_key``: what a corrected statement no longer lists.
_BLOCK = ("statement_key", 1)


def _must(name: str, column_type: ColumnType = "VARCHAR") -> Column:
    return Column(name, column_type, required=True, nullable=False)


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR") for name in names)


_STATEMENT_KEY = (_must("account_id"), _must("currency"), _must("statement_id"))

_STATEMENT = (
    *_STATEMENT_KEY,
    _must("statement_key", "BIGINT"),
    _must("format"),
    *_text("bank_id", "reference"),
    Column("statement_number", "BIGINT"),
    Column("page_number", "BIGINT"),
    Column("from_date", "DATE"),
    Column("to_date", "DATE"),
)

_TOTALS = (
    _must("entry_count", "BIGINT"),
    _must("credits_amount", "DECIMAL(24,8)"),
    _must("debits_amount", "DECIMAL(24,8)"),
)

_BALANCES = (
    Column("opening_date", "DATE"),
    Column("opening_balance", "DECIMAL(24,8)"),
    Column("closing_date", "DATE"),
    Column("closing_balance", "DECIMAL(24,8)"),
    Column("available_balance", "DECIMAL(24,8)"),
)

_ENTRY = (
    *_STATEMENT_KEY,
    _must("entry_id"),
    _must("statement_key", "BIGINT"),
    _must("entry_number", "BIGINT"),
    _must("amount", "DECIMAL(24,8)"),
    _must("status"),
    _must("is_reversal", "BOOLEAN"),
    Column("booking_date", "DATE"),
    Column("booked_at", "VARCHAR"),
    Column("booked_at_utc", "TIMESTAMP"),
    Column("value_date", "DATE"),
    *_text(
        "bank_reference", "customer_reference", "transaction_code", "proprietary_code",
        "funds_code", "batch_message_id", "batch_payment_id",
    ),
    _must("detail_count", "BIGINT"),
    Column("charges_amount", "DECIMAL(24,8)"),
    Column("information", "VARCHAR", pii=True),
)  # fmt: skip

_DETAIL = (
    *_STATEMENT_KEY,
    _must("entry_id"),
    _must("detail_number", "BIGINT"),
    _must("statement_key", "BIGINT"),
    Column("amount", "DECIMAL(24,8)"),
    Column("amount_currency", "VARCHAR"),
    Column("instructed_amount", "DECIMAL(24,8)"),
    Column("instructed_currency", "VARCHAR"),
    Column("exchange_rate", "DECIMAL(24,12)"),
    *_text(
        "end_to_end_id", "instruction_id", "transaction_id", "mandate_id", "bank_reference",
        "creditor_reference", "payment_reference", "purpose_code", "return_reason",
        "counterparty_bank_id",
    ),
    Column("counterparty_name", "VARCHAR", pii=True),
    Column("counterparty_account", "VARCHAR", pii=True),
    Column("remittance", "VARCHAR", pii=True),
)  # fmt: skip

# The statement's number is part of every key: it says which block a row of schema pii belongs to.
_STATEMENT_ID = ("account_id", "currency", "statement_id", "statement_key")
_ENTRY_ID = (*_STATEMENT_ID, "entry_id")
_DETAIL_ID = (*_ENTRY_ID, "detail_number")


def _table(
    table: str, source_table: str, key: tuple[str, ...], columns: tuple[Column, ...], money: str
) -> TableContract:
    return TableContract(
        table=table, source_table=source_table, key=key, columns=columns, block=_BLOCK, money=money
    )


STATEMENTS = _table(
    "bank_statements", "statement", _STATEMENT_ID, (*_STATEMENT, *_BALANCES, *_TOTALS), ""
)
ENTRIES = _table("bank_entries", "entry", _ENTRY_ID, _ENTRY, "amount")
DETAILS = _table("bank_entry_details", "detail", _DETAIL_ID, _DETAIL, "")

# camt.054, camt.052 and MT942 announce what a statement books later: kept, never added to it.
NOTIFICATIONS = _table(
    "bank_notifications", "notification", _STATEMENT_ID, (*_STATEMENT, *_TOTALS), ""
)
NOTIFICATION_ENTRIES = _table(
    "bank_notification_entries", "notification entry", _ENTRY_ID, _ENTRY, ""
)
NOTIFICATION_DETAILS = _table(
    "bank_notification_details", "notification detail", _DETAIL_ID, _DETAIL, ""
)

BOOKED = (STATEMENTS, ENTRIES, DETAILS)
ANNOUNCED = (NOTIFICATIONS, NOTIFICATION_ENTRIES, NOTIFICATION_DETAILS)
CONTRACTS = (*BOOKED, *ANNOUNCED)
