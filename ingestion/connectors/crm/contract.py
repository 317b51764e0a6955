"""Contracts of a CRM's tables, as CSV files or SQL tables under these names."""

from __future__ import annotations

from ingestion.connectors.crm.challenge_contracts import CHALLENGE_CONTRACTS
from ingestion.connectors.crm.copy_contracts import COPY_CONTRACTS
from ingestion.connectors.crm.event_contracts import EVENT_CONTRACTS
from ingestion.connectors.crm.partner_contracts import PARTNER_CONTRACTS
from ingestion.connectors.crm.rules import validity_is_forward
from ingestion.contracts import Column, TableContract, must

CLIENTS = TableContract(
    table="crm_clients",
    source_table="clients",
    key=("client_id",),
    required=True,
    columns=(
        must("client_id"),
        Column("country", "VARCHAR", required=True),
        Column("residence_country", "VARCHAR"),
        Column("registered_at", "TIMESTAMP"),
        Column("status", "VARCHAR"),
        Column("kyc_status", "VARCHAR"),
        Column("risk_class", "VARCHAR"),
        Column("name", "VARCHAR", pii=True),
        Column("birth_date", "DATE", pii=True),
        Column("email", "VARCHAR", pii=True),
        Column("phone", "VARCHAR", pii=True),
        Column("address", "VARCHAR", pii=True),
    ),
)

CLASSIFICATIONS = TableContract(
    table="crm_client_classifications",
    source_table="client_classifications",
    key=("client_id", "valid_from"),
    rules=(validity_is_forward,),
    columns=(
        must("client_id"),
        must("classification", allowed=("retail", "professional", "eligible_counterparty")),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

CLIENT_ACCOUNTS = TableContract(
    table="crm_client_accounts",
    source_table="client_accounts",
    key=("server_id", "login", "valid_from"),
    required=True,
    touches="history",
    columns=(
        must("client_id"),
        must("server_id"),
        must("login", "BIGINT"),
        must("valid_from", "DATE"),
    ),
)

CASH_REQUESTS = TableContract(
    table="crm_cash_requests",
    source_table="cash_requests",
    key=("request_id",),
    columns=(
        must("request_id"),
        must("client_id"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
        must("kind", allowed=("deposit", "withdrawal")),
        must("status", allowed=("requested", "approved", "processed", "declined")),
        must("amount", "DECIMAL(24,8)"),
        must("currency"),
        Column("requested_at", "TIMESTAMP"),
        Column("processed_at", "TIMESTAMP"),
        Column("method", "VARCHAR"),
        Column("psp", "VARCHAR"),
        Column("psp_reference", "VARCHAR"),
    ),
)

CONTRACTS = (
    CLIENTS,
    CLASSIFICATIONS,
    CLIENT_ACCOUNTS,
    CASH_REQUESTS,
    *PARTNER_CONTRACTS,
    *COPY_CONTRACTS,
    *EVENT_CONTRACTS,
    *CHALLENGE_CONTRACTS,
)
