"""What payment providers and the KYC vendor reported, against the simulator's truth."""

from __future__ import annotations

from quality.truth_queries import Comparison

WALLET_TOTALS = Comparison(
    id="truth_wallet_totals",
    what="The mapped wallet's gross, fees, net and lines by currency equal the simulator's truth",
    file="wallet_totals.parquet",
    needs=("staging.stg_psp__transactions",),
    key=("tenant_id", "provider", "currency"),
    amounts=("gross", "fee", "net", "events"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            provider,
            gross_currency AS currency,
            sum(gross_amount) AS gross,
            sum(coalesce(fee_amount, 0)) AS fee,
            sum(net_amount) AS net,
            count(*) AS events
        FROM lake.staging.stg_psp__transactions
        WHERE provider = 'wallet' AND status IN ('settled', 'paid_out')
        GROUP BY ALL
    """,
)

COINSPAID_TOTALS = Comparison(
    id="truth_coinspaid_totals",
    what="CoinsPaid's gross, fees, net and operations by currency equal the simulator's truth",
    file="coinspaid_totals.parquet",
    needs=("staging.stg_coinspaid__transactions", "staging.stg_coinspaid__fees"),
    key=("tenant_id", "provider", "currency"),
    amounts=("gross", "fee", "net", "events"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            operations.tenant_id,
            'coinspaid' AS provider,
            operations.currency,
            sum(operations.gross) AS gross,
            sum(coalesce(fees.fee, 0)) AS fee,
            sum(operations.gross) - sum(coalesce(fees.fee, 0)) AS net,
            count(*) AS events
        FROM (
            SELECT
                *,
                starts_with(type, 'deposit') AS is_deposit,
                CASE WHEN is_deposit THEN received_currency ELSE sent_currency END AS currency,
                CASE WHEN is_deposit THEN received_amount ELSE -sent_amount END AS gross
            FROM lake.staging.stg_coinspaid__transactions
            WHERE status = 'confirmed'
        ) AS operations
        LEFT JOIN (
            SELECT tenant_id, psp_account_id, callback_key, fee_currency, sum(fee_amount) AS fee
            FROM lake.staging.stg_coinspaid__fees
            GROUP BY ALL
        ) AS fees
            ON fees.tenant_id = operations.tenant_id
            AND fees.psp_account_id = operations.psp_account_id
            AND fees.callback_key = operations.callback_key
            AND fees.fee_currency = operations.currency
        GROUP BY ALL
    """,
)

KYC_ANSWERS = Comparison(
    id="truth_kyc_answers",
    what="Every client's last answer, document expiry and number of KYC events equal the truth",
    file="kyc_answers.parquet",
    needs=("staging.stg_sumsub__events", "staging.stg_sumsub__documents"),
    key=("tenant_id", "client_reference", "answer", "expiry_date"),
    amounts=("events",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            events.tenant_id,
            events.client_reference,
            coalesce(
                arg_max(events.answer, events.event_at_utc) FILTER (events.answer IS NOT NULL), ''
            ) AS answer,
            max(documents.expiry_date) AS expiry_date,
            count(DISTINCT events.event_key) AS events
        FROM lake.staging.stg_sumsub__events AS events
        LEFT JOIN lake.staging.stg_sumsub__documents AS documents
            ON documents.tenant_id = events.tenant_id
            AND documents.kyc_source_id = events.kyc_source_id
            AND documents.client_reference = events.client_reference
            AND documents.is_latest
        GROUP BY ALL
    """,
)

PAYMENT_COMPARISONS = (WALLET_TOTALS, COINSPAID_TOTALS, KYC_ANSWERS)
