"""Whether what an automatic payout took along comes to the payout.

Stripe says which transactions a payout took along for automatic payouts only: of a manual payout
nobody but the broker can know it (docs.stripe.com/reports/payout-reconciliation).
"""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.connectors.held_rows import held, query_held
from ingestion.connectors.stripe.contract import BALANCE_TRANSACTIONS, PAYOUTS, REPORT_LINES
from ingestion.problems import Problem

TABLES = (PAYOUTS, REPORT_LINES, BALANCE_TRANSACTIONS)


def payouts_that_do_not_net(context: PassContext) -> list[Problem]:
    """Automatic payouts that differ from the net of their transactions, or from their own entry."""
    return [*_against_report(context), *_against_balance(context)]


def _against_report(context: PassContext) -> list[Problem]:
    rows = query_held(
        context,
        f"""
        WITH manual AS (
            SELECT id FROM {held(PAYOUTS)} GROUP BY id HAVING NOT bool_or(automatic)
        ),
        paid AS (
            SELECT source_id AS payout_id, upper(currency) AS currency, -sum(net) AS amount
            FROM {held(REPORT_LINES)}
            WHERE reporting_category = 'payout' AND source_id IS NOT NULL
            GROUP BY ALL
        ),
        taken AS (
            SELECT payout_id, upper(currency) AS currency, sum(net) AS amount, count(*) AS lines
            FROM {held(REPORT_LINES)}
            WHERE payout_id IS NOT NULL AND source_id IS DISTINCT FROM payout_id
            GROUP BY ALL
        )
        SELECT paid.payout_id, paid.currency, paid.amount, taken.amount, taken.lines
        FROM paid
        INNER JOIN taken ON taken.payout_id = paid.payout_id AND taken.currency = paid.currency
        ANTI JOIN manual ON manual.id = paid.payout_id
        WHERE paid.amount <> taken.amount
        ORDER BY paid.payout_id
        """,
    )
    return [
        Problem(
            REPORT_LINES.table,
            "error",
            f"Payout {payout} of {paid.normalize():f} {currency} is not the net of its {lines} "
            f"transactions, {taken.normalize():f}.",
            "lines of the itemised report are missing: export it again over the whole time that "
            "the payout covers",
        )
        for payout, currency, paid, taken, lines in rows
    ]


def _against_balance(context: PassContext) -> list[Problem]:
    rows = query_held(
        context,
        f"""
        SELECT p.id, upper(p.currency), p.amount, -b.net
        FROM (
            SELECT id, currency, max(amount) AS amount FROM {held(PAYOUTS)} GROUP BY ALL
        ) AS p
        INNER JOIN {held(BALANCE_TRANSACTIONS)} AS b
            ON b.source_id = p.id AND b.type = 'payout'
        WHERE p.amount <> -b.net
        ORDER BY p.id
        """,
    )
    return [
        Problem(
            PAYOUTS.table,
            "error",
            f"Payout {payout} says {amount} {currency} (minor units), its balance transaction "
            f"{moved}.",
            "export both again",
        )
        for payout, currency, amount, moved in rows
    ]
