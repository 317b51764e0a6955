"""The rules that shape a journal entry, where they apply to it."""

from __future__ import annotations

from quality.lineage.declaration import Rule
from quality.lineage.rules import GROUP_MAPPING

ENTRY_RULES = (
    GROUP_MAPPING,
    Rule(
        "The accounts that an entry of that kind moves.",
        rows="""
SELECT s.subject_key, k.entry_kind || ' (book ' || k.book || '): credits ' || k.credited_account
    || ', debits ' || k.debited_account AS what_it_said,
    CAST(NULL AS BIGINT) AS load_id, CAST(NULL AS BIGINT) AS raw_row_id
FROM subject AS s
JOIN lake.reference.ref_journal_entry_kinds AS k
    ON k.entry_kind = s.entry_kind AND (k.book = 'any' OR k.book = s.book)
""",
    ),
    Rule(
        "An entry is converted at the rate of its day, what floats at that of its own close; the "
        "close before is taken away."
    ),
)
