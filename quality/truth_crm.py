"""The CRM against the truth: rows of each table, and what the bonus grants come to."""

from __future__ import annotations

from quality.truth_queries import Comparison

_TABLES = (
    "clients",
    "client_classifications",
    "client_accounts",
    "cash_requests",
    "partners",
    "partner_tree",
    "partner_agreements",
    "partner_tiers",
    "partner_payout_terms",
    "partner_clawbacks",
    "copy_strategies",
    "copy_investments",
    "staff_users",
    "cash_approvals",
    "client_notes",
    "login_events",
    "device_events",
    "bonus_grants",
    "challenge_phases",
    "challenges",
)

CRM_TABLES = Comparison(
    id="truth_crm_tables",
    what="Every table of the CRM has as many rows as the simulator wrote",
    file="crm_tables.parquet",
    needs=tuple(f"staging.stg_crm__{table}" for table in _TABLES),
    key=("tenant_id", "table_name"),
    amounts=("row_count",),
    truth="SELECT * FROM {file}",
    books=" UNION ALL ".join(
        f"SELECT tenant_id, '{table}' AS table_name, count(*) AS row_count "
        f"FROM lake.staging.stg_crm__{table} "
        "WHERE tenant_id IN (SELECT tenant_id FROM {file}) GROUP BY tenant_id"
        for table in _TABLES
    ),
)

BONUS_GRANTS = Comparison(
    id="truth_crm_bonus_grants",
    what="Bonus grants of each currency and status come to what the simulator granted",
    file="crm_bonus_grants.parquet",
    needs=("staging.stg_crm__bonus_grants",),
    key=("tenant_id", "currency", "status"),
    amounts=("grants", "amount"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            bonus_currency AS currency,
            status,
            count(*) AS grants,
            sum(bonus_amount) AS amount
        FROM lake.staging.stg_crm__bonus_grants
        WHERE tenant_id IN (SELECT tenant_id FROM {file})
        GROUP BY ALL
    """,
)
