"""What the platform charged as a fee of a strategy, and the partners' parts of it."""

from __future__ import annotations

from quality.lineage.canonical_rows import DEAL_SHOWS, DEAL_SOURCES
from quality.lineage.declaration import RATE, Part, SourceRows

# Columns of can_deals by which a deal is known and traced.
DEAL = """
    d.tenant_id, d.deal_key, d.executed_at_utc, d.action, d.symbol, d.volume_lots, d.component,
    d.balance_effect_amount, d.account_currency, d.raw_row_id, d.load_id
"""
_CHARGED = """
FROM subject AS s
JOIN lake.intermediate.int_partners__copy_fees_charged AS c
    ON c.tenant_id = s.tenant_id AND c.strategy_id = s.strategy_id
    AND c.account_key = s.account_key AND c.invested_from = s.invested_from
    AND c.month_from = s.month_from AND c.fee_kind = s.fee_kind
"""

_CHARGES = f"""
SELECT s.subject_key, {DEAL}, d.comment, -d.balance_effect_amount AS charged,
    d.business_date AS rate_date, s.main_currency, s.money_divisor
{_CHARGED}
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = c.tenant_id AND d.server_id = c.server_id AND d.deal_key = c.deal_key
    AND d.business_date = c.business_date
"""
_PARTNERS_PARTS = f"""
SELECT s.subject_key, s.tenant_id, l.ledger_line_key, l.booked_at, l.partner_key, l.agreement_id,
    l.entry_type, l.amount, l.amount_currency, coalesce(l.amount_reporting, 0) AS shared
{_CHARGED}
JOIN lake.partners.fct_commission_ledger AS l
    ON l.tenant_id = c.tenant_id AND l.deal_key = c.deal_key
    AND l.business_date = c.business_date AND l.model = 'copy_fee_share'
"""


def what_was_charged() -> tuple[Part, Part]:
    """The operations of the platform, and the partners' parts of them."""
    return (
        Part(
            "charge",
            _CHARGES,
            "deal_key",
            (*DEAL_SHOWS, "comment"),
            {
                "charged_operations": "1",
                "charged_amount": "charged",
                "charged_amount_reporting": f"charged * {RATE}",
                "difference_amount": "charged",
                "left_amount_reporting": f"charged * {RATE}",
            },
            DEAL_SOURCES,
        ),
        Part(
            "partner's part",
            _PARTNERS_PARTS,
            "ledger_line_key",
            ("booked_at", "partner_key", "entry_type", "amount", "amount_currency"),
            {"partners_amount_reporting": "shared", "left_amount_reporting": "-shared"},
            (
                SourceRows(
                    "crm_partner_agreements", ("agreement_id",), {"agreement_id": "agreement_id"}
                ),
            ),
        ),
    )
