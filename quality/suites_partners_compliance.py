"""The gates of the commission ledger and of the alerts."""

from __future__ import annotations

from quality.suites import (
    CURRENCY,
    IS_FUTURE,
    Suite,
    amounts,
    between,
    columns,
    filled,
    like,
    never,
    not_future,
    one_of,
    unique,
)
from quality.suites_books import BY_SERVER_DAY

COMMISSION_LEDGER = Suite(
    table="partners.fct_commission_ledger",
    key=("ledger_line_key", "business_date"),
    date="business_date",
    # A correction may take a deal away whose accrual stays in the ledger beside its adjustment.
    rows=f"""
        SELECT
            f.*,
            f.entry_type = 'accrual' AND f.amount = 0 AND coalesce(f.reason, '') = ''
                AS is_unpaid_without_reason,
            f.entry_type = 'accrual' AND f.reason IS NULL
                AND abs(f.base_quantity * f.rate::DOUBLE + coalesce(f.carved_amount, 0)
                    + coalesce(f.capped_amount, 0) + coalesce(f.rounding_amount, 0) - f.amount)
                    > 0.000001
                AS is_amount_wrong,
            a.account_key IS NULL AS is_orphan,
            {IS_FUTURE.format(column="business_date")}
        FROM lake.partners.fct_commission_ledger AS f
        {BY_SERVER_DAY}
        LEFT JOIN lake.canonical.can_accounts AS a ON a.account_key = f.account_key
    """,
    expected=(
        columns(
            "ledger_line_key",
            "entry_type",
            "deal_key",
            "partner_key",
            "level",
            "agreement_id",
            "model",
            "base_quantity",
            "rate",
            "amount",
            "amount_currency",
            "amount_reporting",
            "reason",
        ),
        *filled(
            "ledger_line_key",
            "tenant_id",
            "server_id",
            "business_date",
            "deal_key",
            "partner_key",
            "level",
            "amount",
            "booked_at",
        ),
        unique("ledger_line_key"),
        one_of("entry_type", "accrual", "adjustment", "clawback"),
        one_of(
            "model",
            "per_lot",
            "per_million",
            "spread_share",
            "markup_share",
            "commission_share",
            "revenue_share",
            "cpa",
            "copy_fee_share",
        ),
        like("amount_currency", CURRENCY, "amount_currency is a currency code"),
        between("level", 0, None, "A level counts up from the client's direct partner"),
        between("rate", 0, None, "A rate has no sign"),
        *amounts("amount", "amount_reporting"),
        never("is_unpaid_without_reason", "A line that pays nothing says why"),
        never("is_amount_wrong", "A line pays its quantity at its rate"),
        never("is_orphan", "Every account is known to the books"),
        not_future("business_date"),
    ),
)

ALERTS = Suite(
    table="compliance.fct_alerts",
    key=("alert_key", "alert_date"),
    date="alert_date",
    # An alert belongs to a client, not to a server: it is looked at with its tenant's days.
    rows=f"""
        SELECT
            f.*,
            f.first_at_utc > f.last_at_utc AS is_backwards,
            c.client_key IS NULL AS is_orphan,
            {IS_FUTURE.format(column="alert_date")}
        FROM lake.compliance.fct_alerts AS f
        INNER JOIN (SELECT DISTINCT tenant_id, business_date FROM gate_days) AS d
            ON d.tenant_id = f.tenant_id AND d.business_date = f.alert_date
        LEFT JOIN lake.canonical.can_clients AS c ON c.client_key = f.client_key
    """,
    expected=(
        columns(
            "alert_key",
            "scenario_id",
            "client_key",
            "first_at_utc",
            "last_at_utc",
            "alert_date",
            "amount_reporting",
            "parameters",
            "reason",
            "evidence_keys",
        ),
        *filled(
            "alert_key",
            "tenant_id",
            "scenario_id",
            "client_key",
            "alert_date",
            "first_at_utc",
            "last_at_utc",
            "parameters",
            "reason",
            "evidence_keys",
        ),
        unique("alert_key"),
        like("scenario_id", r"^A[0-9]+$", "scenario_id names a scenario"),
        like("reason", r"\S", "The reason is a text a person can read"),
        like("evidence_keys", r"\S", "An alert names its evidence"),
        between("amount_reporting", 0, None, "The amount of an alert has no sign"),
        never("is_backwards", "An alert's first event is not after its last"),
        never("is_orphan", "Every client is known to the CRM"),
        not_future("alert_date"),
    ),
)
