"""What a journal entry of an account or a partner is made of, whoever holds its two sides.

Each part is a SELECT over ``subject`` with the columns of an entry, ``entry_currency``, ``login``,
``factor`` (-1 where a posting takes away what the entry adds) and ``is_in_reporting`` (whether the
posting holds the entry's counter-value). It gives ``measured_amount``, what a row adds to the
entry.
"""

from __future__ import annotations

from quality.lineage.canonical_rows import (
    ACCOUNT_OF_SUBJECT,
    DEAL_COLUMNS,
    DEAL_SHOWS,
    DEAL_SOURCES,
    OPERATION,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
    REPORT_SHOWS,
    REPORT_SOURCES,
    REPORTS,
)
from quality.lineage.declaration import Part

# Columns of an entry and its posting that every part's rows carry on.
OF_ENTRY = "s.subject_key, s.tenant_id, s.server_id, s.factor, s.is_in_reporting"

# The account's number, from our key of it: tenant/server/login.
LOGIN_OF_KEY = (
    "TRY_CAST(substr({0}.account_key, length({0}.tenant_id || '/' || {0}.server_id) + 2) AS BIGINT)"
)
# What the key of an entry says in its second and third field.
KEY_IMPLIES = (
    "s.business_date = TRY_CAST(split_part(:value, '|', 2) AS DATE)"
    " AND s.entry_kind = split_part(:value, '|', 3)"
)

# An account that counts in cents is posted in its main currency.
_ENTERED = (
    "factor * measured_amount * CAST(CASE money_divisor WHEN 100 THEN 0.01 ELSE 1 END"
    " AS DECIMAL(3, 2))"
)
_CONVERTED = "factor * measured_amount * :rate"
ADDS = {
    "amount": f"CASE WHEN is_in_reporting THEN {_CONVERTED} ELSE {_ENTERED} END",
    "amount_reporting": _CONVERTED,
}

# What a deal that is no trade is booked as; its trading amounts have kinds of their own.
_KIND_OF_OPERATION = """
CASE
    WHEN d.component = 'agent' THEN 'agent_commission'
    WHEN d.component = 'so_compensation' THEN 'negative_balance'
    WHEN d.component IN (
        'deposit', 'withdrawal', 'internal_transfer', 'charge', 'correction', 'bonus', 'interest',
        'dividend', 'tax'
    ) THEN d.component
    ELSE 'unknown_operation'
END
"""
_DEALS = f"""
SELECT {DEAL_COLUMNS}, s.factor, s.is_in_reporting,
    CASE
        WHEN s.entry_kind = 'closed_pnl' THEN d.closed_pnl_amount
        WHEN s.entry_kind = 'swap' THEN d.swap_amount
        WHEN s.entry_kind = 'fee' THEN d.fee_amount
        WHEN s.entry_kind = 'credit' THEN d.credit_effect_amount
        WHEN s.entry_kind = 'commission' THEN d.commission_amount
            + CASE WHEN d.component IN ('commission', 'commission_round') THEN {OPERATION}
                ELSE 0 END
        WHEN coalesce(d.component, '') NOT IN ('commission', 'commission_round')
            AND s.entry_kind = {_KIND_OF_OPERATION}
        THEN {OPERATION}
        ELSE 0
    END AS measured_amount
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date = s.business_date
    AND CASE WHEN d.is_trade THEN d.symbol ELSE '' END = s.symbol
{ACCOUNT_OF_SUBJECT}
"""

# What floats at the day's close, and, taken away, at the close before.
_FLOATING = "s.entry_kind IN ('floating_pnl', 'floating_swap')"
_MARKS = f"""
SELECT s.*, c.has_positions, steps.turn,
    CASE steps.turn WHEN 1 THEN c.business_date ELSE c.previous_close_date END AS mark_date
FROM subject AS s
JOIN lake.intermediate.int_server_closes AS c
    ON c.tenant_id = s.tenant_id AND c.server_id = s.server_id
    AND c.business_date = s.business_date
CROSS JOIN (SELECT unnest([1, -1]) AS turn) AS steps
WHERE {_FLOATING}
"""
_FLOATS = """
s.turn * CASE s.entry_kind WHEN 'floating_pnl' THEN {0}.floating_pnl_amount
    ELSE {0}.floating_swap_amount END
"""
_POSITIONS = f"""
SELECT {OF_ENTRY}, o.* EXCLUDE (tenant_id, server_id), o.business_date AS rate_date,
    a.main_currency, a.money_divisor, {_FLOATS.format("o")} AS measured_amount
FROM ({_MARKS}) AS s
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.login = s.login
    AND o.business_date = s.mark_date AND o.symbol = s.symbol
{ACCOUNT_OF_SUBJECT}
"""
_REPORTS = f"""
SELECT {OF_ENTRY}, r.* EXCLUDE (tenant_id, server_id), r.business_date AS rate_date,
    a.main_currency, a.money_divisor, {_FLOATS.format("r")} AS measured_amount
FROM ({_MARKS}) AS s
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = s.mark_date AND s.symbol = ''
{ACCOUNT_OF_SUBJECT}
WHERE NOT s.has_positions AND NOT r.is_held_as_position
"""

_OF_PARTNERS = "s.entry_kind = 'partner_commission'"
# A booked line whose deal was deleted since has no source row any more.
_LEDGER_LINES = f"""
SELECT {OF_ENTRY}, l.ledger_line_key, l.entry_type, l.partner_key, l.deal_key, l.agreement_id,
    l.booked_at, l.amount AS measured_amount, l.amount_currency, l.business_date AS rate_date,
    l.amount_currency AS main_currency, 1 AS money_divisor, d.raw_row_id, d.load_id
FROM subject AS s
JOIN lake.partners.fct_commission_ledger AS l
    ON l.tenant_id = s.tenant_id AND l.server_id = s.server_id
    AND l.business_date = s.business_date
    AND l.account_key IS NOT DISTINCT FROM s.account_key
    AND l.partner_key IS NOT DISTINCT FROM s.partner_key
    AND coalesce(l.symbol, '') = s.symbol
    AND l.amount_currency = s.entry_currency
LEFT JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = l.tenant_id AND d.server_id = l.server_id AND d.deal_key = l.deal_key
    AND d.business_date = l.business_date
WHERE {_OF_PARTNERS}
"""


def that_add(rows: str) -> str:
    """Those rows that add anything: of what is nothing, the rate need not be known."""
    return f"SELECT * FROM ({rows}) AS measured WHERE measured_amount <> 0"


ACCOUNT_PARTS = (
    Part(
        "deal",
        that_add(_DEALS),
        "deal_key",
        DEAL_SHOWS,
        ADDS,
        DEAL_SOURCES,
        only_where=f"NOT {_FLOATING} AND s.login IS NOT NULL",
    ),
    Part(
        "open position",
        that_add(_POSITIONS),
        "position_key",
        POSITION_SHOWS,
        ADDS,
        POSITION_SOURCES,
        only_where=_FLOATING,
    ),
    Part(
        "platform report",
        that_add(_REPORTS),
        "business_date",
        REPORT_SHOWS,
        ADDS,
        REPORT_SOURCES,
        only_where=f"{_FLOATING} AND s.symbol = ''",
    ),
    Part(
        "commission ledger line",
        that_add(_LEDGER_LINES),
        "ledger_line_key",
        (
            "booked_at",
            "entry_type",
            "deal_key",
            "agreement_id",
            "measured_amount",
            "amount_currency",
        ),
        ADDS,
        DEAL_SOURCES,
        only_where=_OF_PARTNERS,
    ),
)
