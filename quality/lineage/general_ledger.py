"""finance.rpt_ledger__general_ledger: a ledger account on a day."""

from __future__ import annotations

from quality.lineage.declaration import Lineage, joined_key
from quality.lineage.ledger_parts import LEDGER_RULES, ledger_parts

_ACCOUNT = (
    "tenant_id", "legal_entity", "book", "ledger_account", "currency", "position_currency",
)  # fmt: skip
_KEY = (*_ACCOUNT, "business_date")
_AMOUNTS = ("opening_amount", "debit_amount", "credit_amount", "closing_amount")
_REPORTING = ("amount_reporting", "closing_reporting")

LINEAGE = Lineage(
    table="finance.rpt_ledger__general_ledger",
    key=_KEY,
    key_text=joined_key(_KEY, "|"),
    key_separator="|",
    currencies={
        **dict.fromkeys(_AMOUNTS, "currency"),
        **dict.fromkeys(_REPORTING, "reporting_currency"),
    },
    subject="""
SELECT g.*, g.business_date AS first_date, g.business_date AS last_date
FROM lake.finance.rpt_ledger__general_ledger AS g
""",
    parts=ledger_parts(_ACCOUNT, (*_AMOUNTS, *_REPORTING)),
    rules=LEDGER_RULES,
)
