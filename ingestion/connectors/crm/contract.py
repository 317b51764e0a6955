"""Contracts of a CRM's tables, as CSV files or SQL tables under these names."""

from __future__ import annotations

from ingestion.connectors.crm.event_contracts import EVENT_CONTRACTS
from ingestion.connectors.crm.rules import (
    agreements_do_not_overlap,
    per_lot_has_currency,
    share_is_a_ratio,
    validity_is_forward,
)
from ingestion.contracts import Column, ColumnType, TableContract


def _must(name: str, column_type: ColumnType = "VARCHAR", allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, column_type, required=True, nullable=False, allowed=allowed)


CLIENTS = TableContract(
    table="crm_clients",
    source_table="clients",
    key=("client_id",),
    required=True,
    columns=(
        _must("client_id"),
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
        _must("client_id"),
        _must("classification", allowed=("retail", "professional", "eligible_counterparty")),
        _must("valid_from", "DATE"),
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
        _must("client_id"),
        _must("server_id"),
        _must("login", "BIGINT"),
        _must("valid_from", "DATE"),
    ),
)

CASH_REQUESTS = TableContract(
    table="crm_cash_requests",
    source_table="cash_requests",
    key=("request_id",),
    columns=(
        _must("request_id"),
        _must("client_id"),
        Column("server_id", "VARCHAR"),
        Column("login", "BIGINT"),
        _must("kind", allowed=("deposit", "withdrawal")),
        _must("status", allowed=("requested", "approved", "processed", "declined")),
        _must("amount", "DECIMAL(24,8)"),
        _must("currency"),
        Column("requested_at", "TIMESTAMP"),
        Column("processed_at", "TIMESTAMP"),
        Column("method", "VARCHAR"),
        Column("psp", "VARCHAR"),
        Column("psp_reference", "VARCHAR"),
    ),
)

PARTNERS = TableContract(
    table="crm_partners",
    source_table="partners",
    key=("partner_id",),
    columns=(
        _must("partner_id"),
        Column("client_id", "VARCHAR"),
        Column("status", "VARCHAR"),
        Column("name", "VARCHAR", pii=True),
        Column("email", "VARCHAR", pii=True),
    ),
)

PARTNER_TREE = TableContract(
    table="crm_partner_tree",
    source_table="partner_tree",
    key=("child_kind", "child_id", "valid_from"),
    rules=(validity_is_forward,),
    columns=(
        _must("child_kind", allowed=("client", "partner")),
        _must("child_id"),
        _must("parent_partner_id"),
        _must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

AGREEMENTS = TableContract(
    table="crm_partner_agreements",
    source_table="partner_agreements",
    key=("agreement_id",),
    rules=(
        validity_is_forward,
        per_lot_has_currency,
        share_is_a_ratio,
        agreements_do_not_overlap,
    ),
    columns=(
        _must("agreement_id"),
        _must("partner_id"),
        _must("level", "INTEGER"),
        _must("model", allowed=("per_lot", "commission_share")),
        _must("rate", "DECIMAL(24,12)"),
        Column("currency", "VARCHAR"),
        _must("symbol_pattern"),
        _must("account_group_pattern"),
        _must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

CONTRACTS = (
    CLIENTS,
    CLASSIFICATIONS,
    CLIENT_ACCOUNTS,
    CASH_REQUESTS,
    PARTNERS,
    PARTNER_TREE,
    AGREEMENTS,
    *EVENT_CONTRACTS,
)
