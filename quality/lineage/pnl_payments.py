"""What fees and chargebacks of the broker's P&L are made of: the lines that providers state."""

from __future__ import annotations

from quality.lineage.declaration import Part, SourceRows
from quality.lineage.journal_parts import that_add
from quality.lineage.pnl_accounts import ADDS

# What each provider's line takes from the broker's balance as a fee, and as a chargeback. Stripe's
# report lines count where its API told nothing of them.
_STATED = """
SELECT t.tenant_id, t.psp_account_id, t.balance_transaction_id AS stated_id,
    t.balance_transaction_id AS stripe_id, t.reporting_category AS stated_type,
    CASE t.reporting_category WHEN 'fee' THEN t.gross_amount ELSE 0 END - t.fee_amount AS fee,
    CASE WHEN t.reporting_category IN ('dispute', 'dispute_reversal') THEN t.gross_amount
        ELSE 0 END AS chargeback,
    t.currency AS fee_currency, t.currency AS chargeback_currency,
    t.created_at_utc AS happened_at_utc, 'psp' AS reference_kind,
    coalesce(d.charge_id, t.source_id) AS reference
FROM lake.staging.stg_stripe__balance_transactions AS t
LEFT JOIN lake.staging.stg_stripe__disputes AS d
    ON d.tenant_id = t.tenant_id AND d.psp_account_id = t.psp_account_id
    AND d.dispute_id = t.source_id
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_account_id, t.balance_transaction_id AS stated_id,
    t.balance_transaction_id AS stripe_report_id, t.reporting_category AS stated_type,
    CASE t.reporting_category WHEN 'fee' THEN t.gross_amount ELSE 0 END - t.fee_amount AS fee,
    CASE WHEN t.reporting_category IN ('dispute', 'dispute_reversal') THEN t.gross_amount
        ELSE 0 END AS chargeback,
    t.currency AS fee_currency, t.currency AS chargeback_currency,
    t.created_at_utc AS happened_at_utc, 'psp' AS reference_kind,
    coalesce(d.charge_id, t.charge_id, t.source_id) AS reference
FROM lake.staging.stg_stripe__report_lines AS t
LEFT JOIN lake.staging.stg_stripe__disputes AS d
    ON d.tenant_id = t.tenant_id AND d.psp_account_id = t.psp_account_id
    AND d.dispute_id = t.source_id
ANTI JOIN lake.staging.stg_stripe__balance_transactions AS api
    ON api.tenant_id = t.tenant_id AND api.psp_account_id = t.psp_account_id
    AND api.balance_transaction_id = t.balance_transaction_id
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_account_id, t.psp_reference_id AS stated_id,
    t.merchant_account_id AS adyen_account_id, t.batch_number AS adyen_batch,
    t.line_key AS adyen_line, t.type AS stated_type, -t.fee_amount AS fee,
    CASE WHEN t.type IN ('Chargeback', 'SecondChargeback', 'ChargebackReversed')
        THEN t.settled_gross_amount ELSE 0 END AS chargeback,
    t.currency AS fee_currency, t.currency AS chargeback_currency,
    t.created_at_utc AS happened_at_utc, 'request' AS reference_kind,
    t.merchant_reference_id AS reference
FROM lake.staging.stg_adyen__settlement_lines AS t
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_account_id, t.transaction_id AS stated_id,
    t.transaction_id AS paypal_id, t.occurrence AS paypal_occurrence,
    coalesce(t.status, 'none') AS paypal_status, t.type AS stated_type,
    CASE WHEN coalesce(t.status, '') IN ('pending', 'denied', 'failed') THEN 0
        ELSE -t.fee_amount END AS fee,
    CASE WHEN t.type ILIKE '%chargeback%' THEN t.gross_amount ELSE 0 END AS chargeback,
    t.currency AS fee_currency, t.currency AS chargeback_currency,
    t.occurred_at_utc AS happened_at_utc, 'request' AS reference_kind,
    t.merchant_reference_id AS reference
FROM lake.staging.stg_paypal__transactions AS t
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_account_id, CAST(t.operation_id AS VARCHAR) AS stated_id,
    t.callback_key AS coinspaid_callback, t.fee_number AS coinspaid_fee,
    t.fee_type AS stated_type, -t.fee_amount AS fee, 0 AS chargeback,
    t.fee_currency, t.fee_currency AS chargeback_currency,
    o.status_received_at_utc AS happened_at_utc, 'psp' AS reference_kind,
    CAST(t.operation_id AS VARCHAR) AS reference
FROM lake.staging.stg_coinspaid__fees AS t
JOIN lake.staging.stg_coinspaid__transactions AS o
    ON o.tenant_id = t.tenant_id AND o.psp_account_id = t.psp_account_id
    AND o.operation_id = t.operation_id AND o.type = t.operation_type
WHERE t.operation_status = 'confirmed'
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_account_id, t.reference_id AS stated_id,
    t.reference_id AS wise_id, coalesce(t.balance_id, '') AS wise_balance_id,
    t.direction AS wise_direction, t.line AS wise_line, t.net_amount AS wise_amount,
    t.type AS stated_type, -t.fee_amount AS fee, 0 AS chargeback,
    t.currency AS fee_currency, t.currency AS chargeback_currency,
    t.booked_at_utc AS happened_at_utc, 'request' AS reference_kind,
    t.payment_reference AS reference
FROM lake.staging.stg_wise__statement_lines AS t
UNION ALL BY NAME
SELECT t.tenant_id, t.psp_source_id AS psp_account_id, t.event_id AS stated_id,
    t.psp_account_id AS mapped_account_id, t.event_id AS mapped_id, t.event_type AS stated_type,
    CASE
        WHEN t.status IN (
            'attempted', 'pending', 'approved', 'declined', 'cancelled', 'expired', 'failed'
        ) THEN 0
        ELSE CASE t.event_type WHEN 'fee' THEN t.gross_amount ELSE 0 END
            - coalesce(t.fee_amount, 0)
    END AS fee,
    CASE WHEN t.event_type IN ('chargeback', 'chargeback_reversal') THEN t.gross_amount
        ELSE 0 END AS chargeback,
    coalesce(t.fee_currency, t.gross_currency) AS fee_currency,
    t.gross_currency AS chargeback_currency, t.event_at_utc AS happened_at_utc,
    'request' AS reference_kind, t.merchant_reference AS reference
FROM lake.staging.stg_psp__transactions AS t
"""

# Providers have no server: their day is that of the tenant's first server with a hedged group.
_CLOCKS = """
SELECT k.*
FROM lake.meta.servers AS k
LEFT JOIN (
    SELECT DISTINCT tenant_id, server_id FROM lake.staging.stg_broker__groups
    WHERE book IN ('A', 'C') AND NOT is_excluded
) AS hedged
    ON hedged.tenant_id = k.tenant_id AND hedged.server_id = k.server_id
QUALIFY row_number() OVER (
    PARTITION BY k.tenant_id ORDER BY hedged.server_id IS NULL, k.server_id
) = 1
"""
_ON_CLOCK = """
CASE
    WHEN k.clock_zone <> ''
    THEN timezone(k.clock_zone, timezone('UTC', p.happened_at_utc))
        + to_minutes(CAST(k.clock_shift_minutes AS BIGINT))
    ELSE p.happened_at_utc + to_minutes(CAST(coalesce(k.time_zone_minutes, 0) AS BIGINT))
END + to_minutes(CAST(1439 - coalesce(k.end_of_day_minutes, 1439) AS BIGINT))
"""
# The cash request that a line names says whose it is.
_REQUESTS = """
SELECT tenant_id, reference_kind, reference, min(account) AS account
FROM (
    SELECT tenant_id, 'request' AS reference_kind, CAST(request_id AS VARCHAR) AS reference,
        server_id || '/' || CAST(login AS VARCHAR) AS account
    FROM lake.staging.stg_crm__cash_requests
    UNION ALL
    SELECT tenant_id, 'psp', psp_reference, server_id || '/' || CAST(login AS VARCHAR)
    FROM lake.staging.stg_crm__cash_requests
    WHERE psp_reference <> ''
)
GROUP BY ALL
"""
_COSTS = f"""
SELECT s.subject_key, s.line, p.*, s.business_date AS rate_date,
    s.amount_currency AS main_currency, 1 AS money_divisor,
    CASE s.line WHEN 'psp_fees' THEN p.fee ELSE p.chargeback END AS measured_amount
FROM subject AS s
JOIN (
    SELECT p.*, a.account_key,
        coalesce(CAST({_ON_CLOCK} AS DATE), CAST(p.happened_at_utc AS DATE)) AS business_date
    FROM ({_STATED}) AS p
    LEFT JOIN ({_CLOCKS}) AS k ON k.tenant_id = p.tenant_id
    LEFT JOIN ({_REQUESTS}) AS r
        ON r.tenant_id = p.tenant_id AND r.reference_kind = p.reference_kind
        AND r.reference = p.reference
    LEFT JOIN lake.canonical.can_accounts AS a
        ON a.account_key = p.tenant_id || '/' || r.account
) AS p
    ON p.tenant_id = s.tenant_id AND p.psp_account_id = s.psp_account_id
    AND p.business_date = s.business_date
    AND p.account_key IS NOT DISTINCT FROM s.account_key
    AND CASE s.line WHEN 'psp_fees' THEN p.fee_currency ELSE p.chargeback_currency END
        = s.amount_currency
WHERE s.line IN ('psp_fees', 'chargebacks')
"""

_AT = {"_source": "psp_account_id"}
_SOURCES = (
    SourceRows("stripe_balance_transactions", ("id",), _AT | {"id": "stripe_id"}),
    SourceRows(
        "stripe_report_lines",
        ("balance_transaction_id",),
        _AT | {"balance_transaction_id": "stripe_report_id"},
    ),
    SourceRows(
        "adyen_settlement_lines",
        ("merchant_account", "batch_number", "line_key"),
        _AT
        | {
            "merchant_account": "adyen_account_id",
            "batch_number": "adyen_batch",
            "line_key": "adyen_line",
        },
    ),
    SourceRows(
        "paypal_transactions",
        ("transaction_id", "currency", "status_code", "occurrence"),
        _AT
        | {
            "transaction_id": "paypal_id",
            "currency": "fee_currency",
            "status_code": "paypal_status",
            "occurrence": "paypal_occurrence",
        },
    ),
    SourceRows(
        "coinspaid_fees",
        ("callback_key", "position"),
        _AT | {"callback_key": "coinspaid_callback", "position": "coinspaid_fee"},
    ),
    SourceRows(
        "wise_statement_lines",
        ("balance_id", "currency", "reference_number", "direction", "booked_on", "line"),
        _AT
        | {
            "balance_id": "wise_balance_id",
            "currency": "fee_currency",
            "reference_number": "wise_id",
            "direction": "wise_direction",
            "line": "wise_line",
            "amount": "wise_amount",
        },
    ),
    SourceRows(
        "psp_transactions",
        ("psp_account", "event_id"),
        _AT | {"psp_account": "mapped_account_id", "event_id": "mapped_id"},
    ),
)

PAYMENT_PARTS = (
    Part(
        "payment",
        that_add(_COSTS),
        "stated_id",
        ("happened_at_utc", "psp_account_id", "stated_type", "measured_amount", "main_currency"),
        ADDS,
        _SOURCES,
        only_where="s.line IN ('psp_fees', 'chargebacks')",
    ),
)
