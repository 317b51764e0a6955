"""finance.fct_broker_pnl: one line of the broker's result, by day and all that it belongs to."""

from __future__ import annotations

from quality.lineage.declaration import Lineage, Rule, joined_key
from quality.lineage.journal_parts import LOGIN_OF_KEY
from quality.lineage.pnl_accounts import ACCOUNT_PARTS
from quality.lineage.pnl_hedging import HEDGING_PARTS
from quality.lineage.pnl_payments import PAYMENT_PARTS
from quality.lineage.rules import GROUP_MAPPING

# What a person knows first comes first.
_KEY = (
    "line", "business_date", "tenant_id", "server_id", "legal_entity", "book", "desk",
    "account_key", "symbol", "instrument", "client_key", "country", "partner_key", "lp_id",
    "psp_account_id", "amount_currency",
)  # fmt: skip

LINEAGE = Lineage(
    table="finance.fct_broker_pnl",
    key=_KEY,
    key_text=joined_key(_KEY, "|"),
    key_separator="|",
    currencies={"amount": "amount_currency", "amount_reporting": "reporting_currency"},
    subject=f"""
SELECT p.*, {LOGIN_OF_KEY.format("p")} AS login
FROM lake.finance.fct_broker_pnl AS p
""",
    parts=(*ACCOUNT_PARTS, *HEDGING_PARTS, *PAYMENT_PARTS),
    rules=(
        GROUP_MAPPING,
        Rule(
            "What the line is.",
            rows="""
SELECT s.subject_key, l.label || ': ' || l.meaning AS what_it_said,
    CAST(NULL AS BIGINT) AS load_id, CAST(NULL AS BIGINT) AS raw_row_id
FROM subject AS s
JOIN lake.reference.ref_pnl_lines AS l ON l.line = s.line
""",
        ),
        Rule(
            "A line is not known where one of its rates is missing; what floats counts at the rate "
            "of its own close."
        ),
    ),
)
