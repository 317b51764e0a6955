"""finance.fct_journal_entries: an entry before it becomes postings."""

from __future__ import annotations

from quality.lineage.declaration import WHOLE_KEY, Lineage
from quality.lineage.journal_parts import ACCOUNT_PARTS, KEY_IMPLIES, LOGIN_OF_KEY
from quality.lineage.journal_rules import ENTRY_RULES
from quality.lineage.journal_statements import STATED_PARTS

_SUBJECT = f"""
SELECT e.*, e.currency AS entry_currency, {LOGIN_OF_KEY.format("e")} AS login, 1 AS factor,
    false AS is_in_reporting
FROM lake.finance.fct_journal_entries AS e
"""

LINEAGE = Lineage(
    table="finance.fct_journal_entries",
    key=(
        "tenant_id", "server_id", "business_date", "entry_kind", "account_key", "partner_key",
        "symbol", "currency", "source_id",
    ),
    # As the postings of the entry have it.
    key_text="concat(s.tenant_id, '/', s.server_id, '|', s.business_date, '|', s.entry_kind, '|',"
    " s.account_key, '|', s.partner_key, '|', s.symbol, '|', s.currency, '|', s.source_id)",
    currencies={"amount": "currency", "amount_reporting": "reporting_currency"},
    implies={WHOLE_KEY: KEY_IMPLIES},
    subject=_SUBJECT,
    parts=(*ACCOUNT_PARTS, *STATED_PARTS),
    rules=ENTRY_RULES,
)  # fmt: skip
