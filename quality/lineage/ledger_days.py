"""finance.fct_ledger_days: what a ledger account was debited and credited on a day."""

from __future__ import annotations

from quality.lineage.declaration import Lineage, Part, Rule, joined_key

_KEY = (
    "tenant_id", "server_id", "business_date", "legal_entity", "book", "ledger_account", "currency",
    "position_currency",
)  # fmt: skip

# Revaluations and year closes follow from the days, and are in none of them.
_POSTINGS = f"""
SELECT s.subject_key, p.entry_key || '/' || CAST(p.posting_number AS VARCHAR) AS posting_key,
    p.entry_kind, p.posting_number, p.account_key, p.symbol, p.amount, p.currency,
    p.amount_reporting
FROM subject AS s
JOIN lake.finance.fct_journal_postings AS p
    ON {" AND ".join(f"p.{name} = s.{name}" for name in _KEY)}
WHERE p.entry_kind NOT IN ('fx_revaluation', 'year_close')
"""

LINEAGE = Lineage(
    table="finance.fct_ledger_days",
    key=_KEY,
    key_text=joined_key(_KEY, "|"),
    key_separator="|",
    currencies={
        "debit_amount": "currency",
        "credit_amount": "currency",
        "amount_reporting": "reporting_currency",
    },
    parts=(
        Part(
            "posting",
            _POSTINGS,
            "posting_key",
            ("entry_kind", "account_key", "symbol", "amount", "currency", "amount_reporting"),
            {
                "debit_amount": "CASE WHEN amount > 0 THEN amount ELSE 0 END",
                "credit_amount": "CASE WHEN amount < 0 THEN -amount ELSE 0 END",
                "amount_reporting": "coalesce(amount_reporting, 0)",
                "posting_count": "1",
                "unrated_count": "CASE WHEN amount_reporting IS NULL THEN 1 ELSE 0 END",
            },
        ),
    ),
    rules=(
        Rule(
            "Each posting is explained by itself: `daybook explain finance.fct_journal_postings "
            "--key` with its name."
        ),
        Rule("A posting without a rate counts in its own currency alone, and is counted."),
    ),
)
