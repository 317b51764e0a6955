"""finance.rpt_ledger__trial_balance: a ledger account over a month."""

from __future__ import annotations

from quality.lineage.declaration import Lineage, joined_key
from quality.lineage.ledger_parts import LEDGER_RULES, ledger_parts

_ACCOUNT = ("tenant_id", "legal_entity", "ledger_account", "currency")
_KEY = (*_ACCOUNT, "period")
_AMOUNTS = ("opening_amount", "debit_amount", "credit_amount", "closing_amount")

LINEAGE = Lineage(
    table="finance.rpt_ledger__trial_balance",
    key=_KEY,
    key_text=joined_key(_KEY, "|"),
    key_separator="|",
    currencies={
        **dict.fromkeys(_AMOUNTS, "currency"),
        "closing_reporting": "reporting_currency",
    },
    subject="""
SELECT t.*, t.period AS first_date, last_day(t.period) AS last_date
FROM lake.finance.rpt_ledger__trial_balance AS t
""",
    parts=ledger_parts(_ACCOUNT, (*_AMOUNTS, "closing_reporting")),
    rules=LEDGER_RULES,
)
