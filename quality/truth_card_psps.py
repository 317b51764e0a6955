"""Stripe, Adyen and PayPal against the simulator: totals, requests, and the state of objects."""

from __future__ import annotations

from quality.truth_queries import Comparison

_TOTALS = ("entries", "gross", "fee", "net")
_PLACE = ("tenant_id", "psp_account_id")


def _totals(psp: str, view: str, kind: str, gross: str) -> Comparison:
    return Comparison(
        id=f"truth_{psp}_totals",
        what=f"Entries, gross, fees and net of {psp} by kind and currency equal the simulator's",
        file=f"{psp}_totals.parquet",
        needs=(f"staging.{view}",),
        key=(*_PLACE, "kind", "currency"),
        amounts=_TOTALS,
        truth="SELECT * FROM {file}",
        books=f"""
            SELECT
                tenant_id,
                psp_account_id,
                {kind} AS kind,
                currency,
                count(*) AS entries,
                sum({gross}) AS gross,
                sum(fee_amount) AS fee,
                sum(net_amount) AS net
            FROM lake.staging.{view}
            GROUP BY ALL
        """,
    )


def _requests(psp: str, view: str, columns: str, where: str) -> Comparison:
    return Comparison(
        id=f"truth_{psp}_requests",
        what=f"Every request that the simulator sent to {psp} is in its files once, and no other",
        file=f"{psp}_requests.parquet",
        needs=(f"staging.{view}",),
        key=(*_PLACE, "request_id", "psp_reference", "currency"),
        amounts=("gross",),
        truth="SELECT * FROM {file}",
        books=f"""
            SELECT tenant_id, psp_account_id, {columns}
            FROM lake.staging.{view}
            WHERE {where}
        """,
    )


_STRIPE, _ADYEN, _PAYPAL = (
    "stg_stripe__balance_transactions",
    "stg_adyen__settlement_lines",
    "stg_paypal__transactions",
)

_STRIPE_OBJECTS = Comparison(
    id="truth_stripe_objects",
    what="The last state of every payout, dispute and refund equals the simulator's",
    file="stripe_objects.parquet",
    needs=(
        "staging.stg_stripe__payouts",
        "staging.stg_stripe__disputes",
        "staging.stg_stripe__refunds",
    ),
    key=(*_PLACE, "kind", "object_id", "status", "currency"),
    amounts=("amount",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT tenant_id, psp_account_id, 'payout' AS kind, payout_id AS object_id, status,
            currency, payout_amount AS amount
        FROM lake.staging.stg_stripe__payouts
        UNION ALL
        SELECT tenant_id, psp_account_id, 'dispute', dispute_id, status, currency, disputed_amount
        FROM lake.staging.stg_stripe__disputes
        UNION ALL
        SELECT tenant_id, psp_account_id, 'refund', refund_id, status, currency, refund_amount
        FROM lake.staging.stg_stripe__refunds
    """,
)

_ADYEN_EVENTS = Comparison(
    id="truth_adyen_notifications",
    what="Every request that the simulator sent to Adyen has one webhook, however often delivered",
    file="adyen_requests.parquet",
    needs=("staging.stg_adyen__notifications",),
    key=(*_PLACE, "request_id", "psp_reference", "currency"),
    amounts=("gross",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT tenant_id, psp_account_id, merchant_reference_id AS request_id,
            psp_reference_id AS psp_reference, currency,
            CASE event_code WHEN 'REFUND' THEN -amount ELSE amount END AS gross
        FROM lake.staging.stg_adyen__notifications
        WHERE event_code IN ('AUTHORISATION', 'REFUND') AND is_success
    """,
)

CARD_PSP_COMPARISONS = (
    _totals("stripe", _STRIPE, "type", "gross_amount"),
    _requests(
        "stripe",
        _STRIPE,
        "substring(description, position(' ' IN description) + 1) AS request_id, "
        "source_id AS psp_reference, currency, gross_amount AS gross",
        "description LIKE 'deposit %' OR description LIKE 'withdrawal %'",
    ),
    _STRIPE_OBJECTS,
    _totals("adyen", _ADYEN, "type", "settled_gross_amount"),
    _requests(
        "adyen",
        _ADYEN,
        "merchant_reference_id AS request_id, psp_reference_id AS psp_reference, "
        "gross_currency AS currency, gross_amount AS gross",
        "type IN ('Settled', 'Refunded')",
    ),
    _ADYEN_EVENTS,
    _totals("paypal", _PAYPAL, "'all'", "gross_amount"),
    _requests(
        "paypal",
        _PAYPAL,
        "merchant_reference_id AS request_id, transaction_id AS psp_reference, currency, "
        "gross_amount AS gross",
        "merchant_reference_id IS NOT NULL",
    ),
)
