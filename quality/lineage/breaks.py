"""finance.fct_breaks: books minus platform, read at the last report the break was seen at."""

from __future__ import annotations

from quality.lineage.canonical_rows import (
    DEAL_COLUMNS,
    DEAL_SHOWS,
    DEAL_SOURCES,
    LIVE_BALANCES,
    LIVE_SOURCES,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
    REPORT_SHOWS,
    REPORT_SOURCES,
    REPORTS,
    SERVERS_WITH_POSITIONS,
)
from quality.lineage.declaration import Lineage, Part, Rule
from quality.lineage.rules import GROUP_MAPPING, seed_rule

# The difference stays the same from the first to the last day; it is read at the last report
# between them. No platform states a balance of an orphan login: all its deals count. A server
# without reports is compared with its live balances, on its last day.
_SEEN = f"""
SELECT s.*,
    CASE WHEN s.break_type = 'orphan_login' THEN DATE '9999-12-31'
        ELSE coalesce(reported.business_date, s.business_date) END AS seen_date
FROM subject AS s
LEFT JOIN (
    SELECT s.subject_key, max(r.business_date) AS business_date
    FROM subject AS s
    JOIN {REPORTS} AS r
        ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
        AND r.business_date <= s.last_date
    GROUP BY s.subject_key
) AS reported ON reported.subject_key = s.subject_key
"""

_DEALS = f"""
SELECT {DEAL_COLUMNS}, s.kind
FROM ({_SEEN}) AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date <= s.seen_date
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = s.tenant_id AND a.server_id = s.server_id AND a.login = s.login
WHERE s.kind <> 'floating'
"""

_POSITIONS = f"""
SELECT s.subject_key, s.kind, o.*
FROM ({_SEEN}) AS s
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.login = s.login
    AND o.business_date = s.seen_date
WHERE s.kind = 'floating'
"""

# Where no positions are exported the report is both sides, and nothing can differ.
_REPORTS = f"""
SELECT s.subject_key, s.kind, r.*
FROM ({_SEEN}) AS s
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = s.seen_date
LEFT JOIN ({SERVERS_WITH_POSITIONS}) AS told
    ON told.tenant_id = s.tenant_id AND told.server_id = s.server_id
WHERE s.kind <> 'floating' OR told.server_id IS NOT NULL
"""

_LIVE = f"""
SELECT s.subject_key, s.kind, s.business_date, r.*
FROM ({_SEEN}) AS s
JOIN {LIVE_BALANCES} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
LEFT JOIN (
    SELECT DISTINCT tenant_id, server_id FROM lake.intermediate.int_server_closes
) AS closing
    ON closing.tenant_id = s.tenant_id AND closing.server_id = s.server_id
WHERE closing.server_id IS NULL AND s.kind <> 'floating' AND s.break_type <> 'orphan_login'
"""

_STATED = {
    "amount": "-CASE kind WHEN 'balance' THEN balance_amount WHEN 'credit' THEN credit_amount"
    " ELSE floating_pnl_amount + floating_swap_amount END"
}

LINEAGE = Lineage(
    table="finance.fct_breaks",
    key=("break_key",),
    key_text="s.break_key",
    currencies={"amount": "account_currency"},
    parts=(
        Part(
            "deal",
            _DEALS,
            "deal_key",
            DEAL_SHOWS,
            {
                "amount": "CASE kind WHEN 'balance' THEN balance_effect_amount"
                " ELSE credit_effect_amount END"
            },
            DEAL_SOURCES,
        ),
        Part(
            "open position",
            _POSITIONS,
            "position_key",
            POSITION_SHOWS,
            {"amount": "floating_pnl_amount + floating_swap_amount"},
            POSITION_SOURCES,
        ),
        Part(
            "platform report",
            _REPORTS,
            "business_date",
            REPORT_SHOWS,
            _STATED,
            REPORT_SOURCES,
        ),
        Part("live balance", _LIVE, "login", REPORT_SHOWS, _STATED, LIVE_SOURCES),
    ),
    rules=(
        GROUP_MAPPING,
        Rule(
            "The type a rule gave the break, with its reason.",
            rows="""
SELECT s.subject_key, s.break_type || ': ' || s.reason AS what_it_said,
    CAST(NULL AS BIGINT) AS load_id, CAST(NULL AS BIGINT) AS raw_row_id
FROM subject AS s
""",
        ),
        seed_rule(
            "What counts as rounding.",
            "rul_breaks",
            "'up to ' || r.value || ' ' || r.unit",
            "r.rule = 'rounding'",
        ),
    ),
)
