"""partners.fct_commission_ledger: a booked line, from the deal, the tree and the agreement."""

from __future__ import annotations

from quality.lineage.canonical_rows import DEAL_SOURCES
from quality.lineage.declaration import RATE, Lineage, Part, Rule, SourceRows

# The ledger is append-only: all lines of one deal, partner, level, agreement, model and currency
# together are what is due now. A line is what is due less what the others booked.
_SAME_CLAIM = """
    {0}.tenant_id = s.tenant_id
    AND {0}.deal_key = s.deal_key
    AND {0}.business_date = s.business_date
    AND {0}.client_key = s.client_key
    AND {0}.partner_key = s.partner_key
    AND {0}.level = s.level
    AND {0}.agreement_id IS NOT DISTINCT FROM s.agreement_id
    AND {0}.model IS NOT DISTINCT FROM s.model
    AND {0}.tier IS NOT DISTINCT FROM s.tier
    AND {0}.amount_currency IS NOT DISTINCT FROM s.amount_currency
"""

_IS_CURRENT = """
LEFT JOIN lake.raw.superseded AS newer
    ON newer.superseded_row_id = {0}._row_id
    AND newer.superseded_by_load <= getvariable('daybook_watermark')
WHERE newer.superseded_row_id IS NULL AND NOT {0}._is_deleted
    AND {0}._load_id <= getvariable('daybook_watermark')
"""

# What the models made of the deal: the base that the rule names, and what was carved out of it,
# capped and rounded.
_DUE = f"""
SELECT s.subject_key, s.tenant_id, s.build_id, s.business_date AS rate_date,
    s.amount_currency AS main_currency, 1 AS money_divisor, d.deal_key, d.executed_at_utc,
    d.symbol, d.volume_closed_lots,
    d.commission_amount, d.account_currency, d.raw_row_id, d.load_id, g.agreement_id,
    t.rate AS agreement_rate, t.tier, t.base_quantity AS quantity,
    t.carved_amount, t.capped_amount, t.rounding_amount,
    t.reason IS NULL OR t.accrued_amount <> 0 AS pays
FROM subject AS s
JOIN lake.intermediate.int_partners__commissions_targeted AS t ON {_SAME_CLAIM.format("t")}
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.deal_key = s.deal_key
    AND d.business_date = s.business_date
JOIN lake.raw.crm_partner_agreements AS g
    ON g._tenant_id = s.tenant_id AND g.agreement_id = s.agreement_id
{_IS_CURRENT.format("g")}
"""

_BOOKED = f"""
SELECT s.subject_key, s.build_id, s.business_date AS rate_date,
    s.amount_currency AS main_currency, 1 AS money_divisor, o.ledger_line_key, o.entry_type,
    o.booked_at, o.amount AS booked_amount,
    o.amount_currency
FROM subject AS s
JOIN lake.partners.fct_commission_ledger AS o
    ON {_SAME_CLAIM.format("o")} AND o.ledger_line_key <> s.ledger_line_key
"""

# The ledger's amounts are in the currency that the whole lake reports in, which it does not repeat.
_SUBJECT = """
SELECT l.*, reporting.reporting_currency
FROM lake.partners.fct_commission_ledger AS l
CROSS JOIN (
    SELECT any_value(reporting_currency) AS reporting_currency
    FROM lake.canonical.can_fx_to_reporting
) AS reporting
"""

_BY_ROW = {"_row_id": "raw_row_id", "_load_id": "load_id"}
# What a provider stated of a payment that it took back, or gave back, by its own tables.
_CHARGEBACK_LINES = {
    "stripe_balance_transactions": (
        ("id",),
        "{0}.source_id",
        "{0}.reporting_category IN ('dispute', 'dispute_reversal')",
        "{0}.reporting_category || ' ' || {0}.id || ': ' || {0}.amount || ' minor units of '"
        " || upper({0}.currency) || ', ' || make_timestamp({0}.created * 1000000)",
    ),
    "stripe_report_lines": (
        ("balance_transaction_id",),
        "{0}.source_id",
        "{0}.reporting_category IN ('dispute', 'dispute_reversal')",
        "{0}.reporting_category || ' ' || {0}.balance_transaction_id || ': ' || {0}.gross || ' '"
        " || upper({0}.currency) || ', ' || {0}.created_utc",
    ),
    "adyen_settlement_lines": (
        ("merchant_account", "batch_number", "line_key"),
        "{0}.psp_reference",
        "{0}.type IN ('Chargeback', 'SecondChargeback', 'ChargebackReversed')",
        "{0}.type || ' of ' || {0}.psp_reference || ': '"
        " || (coalesce({0}.gross_credit, 0) - coalesce({0}.gross_debit, 0)) || ' '"
        " || {0}.gross_currency || ', ' || {0}.creation_date",
    ),
    "paypal_transactions": (
        ("transaction_id", "currency", "status_code", "occurrence"),
        "coalesce({0}.reference_transaction_id, {0}.transaction_id)",
        "{0}.type ILIKE '%chargeback%'",
        "{0}.type || ' ' || {0}.transaction_id || ': ' || {0}.gross || ' ' || {0}.currency || ', '"
        " || {0}.occurred_at",
    ),
    "psp_transactions": (
        ("psp_account", "event_id"),
        "coalesce({0}.parent_id, {0}.merchant_reference, {0}.event_id)",
        "{0}.event_type IN ('chargeback', 'chargeback_reversal')",
        "{0}.event_type || ' ' || {0}.event_id || ': ' || {0}.gross_amount || ' '"
        " || {0}.gross_currency || ', ' || {0}.event_at",
    ),
}
# What any line of the claim says it was taken back for: also of a line that gives it back.
_CLAWED_BACK = f"""
FROM subject AS s
JOIN lake.partners.fct_commission_ledger AS o ON {_SAME_CLAIM.format("o")}
JOIN lake.raw."{{0}}" AS g
    ON g._tenant_id = s.tenant_id
    AND coalesce(o.adjustment_reason, o.reason) = 'clawed back: ' || {{1}}
"""


def _clawback(table: str, key: tuple[str, ...], why: str, condition: str, said: str) -> Rule:
    """What took commission back: a row of a raw table, the ledger's words for it, and its own."""
    return Rule(
        "What takes it back.",
        rows=f"""
SELECT DISTINCT s.subject_key, {said.format("g")} AS what_it_said, g._load_id AS load_id,
    g._row_id AS raw_row_id
{_CLAWED_BACK.format(table, why.format("g"))}
{_IS_CURRENT.format("g")} AND {condition.format("g")}
""",
        source=SourceRows(table, key, _BY_ROW),
    )


_AMOUNT_DUE = (
    "CASE WHEN pays THEN CAST(quantity * CAST(agreement_rate AS DECIMAL(24, 12)) AS DECIMAL(24, 8))"
    " + carved_amount + capped_amount + rounding_amount ELSE 0 END"
)
_TREE_KEY = ("child_kind", "child_id", "parent_partner_id", "valid_from")

LINEAGE = Lineage(
    table="partners.fct_commission_ledger",
    key=("ledger_line_key",),
    key_text="s.ledger_line_key",
    currencies={"amount": "amount_currency", "amount_reporting": "reporting_currency"},
    subject=_SUBJECT,
    keeps_rates_of_builds=True,
    parts=(
        Part(
            "deal, by its agreement",
            _DUE,
            "deal_key",
            (
                "executed_at_utc",
                "symbol",
                "volume_closed_lots",
                "commission_amount",
                "account_currency",
                "agreement_id",
                "quantity",
                "agreement_rate",
                "tier",
                "carved_amount",
                "capped_amount",
                "rounding_amount",
                "pays",
            ),
            {"amount": _AMOUNT_DUE, "amount_reporting": f"{_AMOUNT_DUE} * {RATE}"},
            DEAL_SOURCES,
        ),
        Part(
            "less another booked line",
            _BOOKED,
            "ledger_line_key",
            ("entry_type", "booked_at", "booked_amount", "amount_currency"),
            {"amount": "-booked_amount", "amount_reporting": f"-booked_amount * {RATE}"},
        ),
    ),
    rules=(
        Rule(
            "The agreement that pays.",
            rows=f"""
SELECT s.subject_key, g.agreement_id || ': ' || g.model || ', rate ' || g.rate || ' '
    || coalesce(g.currency, '') || ', symbols ' || g.symbol_pattern || ', groups '
    || g.account_group_pattern || ', from ' || g.valid_from AS what_it_said,
    g._load_id AS load_id, g._row_id AS raw_row_id
FROM subject AS s
JOIN lake.raw.crm_partner_agreements AS g
    ON g._tenant_id = s.tenant_id AND g.agreement_id = s.agreement_id
{_IS_CURRENT.format("g")}
""",
            source=SourceRows("crm_partner_agreements", ("agreement_id",), _BY_ROW),
        ),
        Rule(
            "Who referred whom on the day of the deal.",
            rows=f"""
SELECT s.subject_key, g.child_kind || ' ' || g.child_id || ' came by ' || g.parent_partner_id
    || ' from ' || g.valid_from AS what_it_said, g._load_id AS load_id, g._row_id AS raw_row_id
FROM subject AS s
JOIN lake.raw.crm_partner_tree AS g
    ON g._tenant_id = s.tenant_id
    AND g.valid_from <= s.business_date
    AND (g.valid_to IS NULL OR g.valid_to > s.business_date)
    AND list_contains(string_split(s.partner_path, ' > '), g.parent_partner_id)
    AND (
        (g.child_kind = 'client' AND s.tenant_id || '/' || g.child_id = s.client_key)
        OR (
            g.child_kind = 'partner'
            AND list_contains(string_split(s.partner_path, ' > '), g.child_id)
        )
    )
{_IS_CURRENT.format("g")}
""",
            source=SourceRows("crm_partner_tree", _TREE_KEY, _BY_ROW),
        ),
        _clawback(
            "crm_partner_clawbacks",
            ("clawback_id",),
            "{0}.cause || ' (' || {0}.clawback_id || ')'",
            "s.client_key = {0}._tenant_id || '/' || {0}.client_id",
            "'decision ' || {0}.clawback_id || ': ' || {0}.cause || ' of ' || {0}.client_id"
            " || ', trades from ' || {0}.valid_from || coalesce(' to before ' || {0}.valid_to, '')",
        ),
        *(
            _clawback(
                table, key, f"'chargeback (' || {{0}}._source || '/' || {case} || ')'", lines, said
            )
            for table, (key, case, lines, said) in _CHARGEBACK_LINES.items()
        ),
    ),
)
