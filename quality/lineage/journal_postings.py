"""finance.fct_journal_postings: one side of a journal entry."""

from __future__ import annotations

from quality.lineage.declaration import WHOLE_KEY, Lineage, Rule
from quality.lineage.journal_closings import CLOSING_PARTS
from quality.lineage.journal_parts import ACCOUNT_PARTS, KEY_IMPLIES, LOGIN_OF_KEY
from quality.lineage.journal_rules import ENTRY_RULES
from quality.lineage.journal_statements import STATED_PARTS

# What the key of an entry says after its symbol: the currency it is stated in, and its source's own
# id. After the legal entity of a revaluation: its currency; of a year close: book and account.
_BEFORE_CURRENCY = """
CASE
    WHEN server_id = '' THEN concat_ws('|', tenant_id, business_date, entry_kind, legal_entity, '')
    ELSE concat(
        tenant_id, '/', server_id, '|', business_date, '|', entry_kind, '|', account_key, '|',
        partner_key, '|', symbol, '|'
    )
END
"""

# The first posting is what the entry credits, the fourth what is exchanged for the position: both
# take away. The counter-value of income and expense is in the reporting currency.
_SUBJECT = f"""
SELECT p.* EXCLUDE (rest_of_key),
    split_part(p.rest_of_key, '|', 1) AS entry_currency,
    substr(p.rest_of_key, length(split_part(p.rest_of_key, '|', 1)) + 2) AS source_id,
    {LOGIN_OF_KEY.format("p")} AS login,
    CASE WHEN p.posting_number IN (1, 4) THEN -1 ELSE 1 END AS factor,
    p.posting_number = 4
        OR (p.posting_number = 2 AND coalesce(a.account_type IN ('income', 'expense'), false))
        AS is_in_reporting
FROM (
    SELECT *, substr(entry_key, length({_BEFORE_CURRENCY}) + 1) AS rest_of_key
    FROM lake.finance.fct_journal_postings
) AS p
LEFT JOIN lake.reference.ref_ledger_accounts AS a ON a.ledger_account = p.ledger_account
"""

LINEAGE = Lineage(
    table="finance.fct_journal_postings",
    key=("entry_key", "posting_number"),
    key_text="s.entry_key || '/' || CAST(s.posting_number AS VARCHAR)",
    currencies={"amount": "currency", "amount_reporting": "reporting_currency"},
    implies={WHOLE_KEY: KEY_IMPLIES, "entry_key": KEY_IMPLIES},
    subject=_SUBJECT,
    parts=(*ACCOUNT_PARTS, *STATED_PARTS, *CLOSING_PARTS),
    rules=(
        *ENTRY_RULES,
        Rule(
            "Which side of the entry it is.",
            rows="""
SELECT s.subject_key, 'posting ' || s.posting_number || ' of ' || s.entry_kind || ': '
    || CASE s.posting_number
        WHEN 1 THEN 'the account credited'
        WHEN 2 THEN 'the account debited'
        WHEN 3 THEN 'the currency taken into the FX position'
        ELSE 'its counter-value given for it' END
    || CASE WHEN s.is_in_reporting THEN ', in reporting currency' ELSE '' END AS what_it_said,
    CAST(NULL AS BIGINT) AS load_id, CAST(NULL AS BIGINT) AS raw_row_id
FROM subject AS s
""",
        ),
    ),
)
