"""What the lines of the broker's P&L are made of that belong to one account.

Each part reads ``subject`` with the dimensions of finance.fct_broker_pnl and the account's
``login``, and gives ``measured_amount``: what a row adds to the line, in its own currency.
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

# The valuation alone is in reporting currency itself. What nobody can value adds no amount.
ADDS = {
    "amount": "CASE WHEN line = 'valuation' THEN measured_amount * :rate"
    " ELSE coalesce(measured_amount, 0) END",
    "amount_reporting": "measured_amount * :rate",
}

# A line is not known where one of its rates is missing, also of a row that adds nothing to it.
_OF_CLIENTS = (
    "s.line IN ('dealing_realised', 'dealing_floating', 'commission_income', 'swap_income')"
)
_OF_DEALS = f"""(
    {_OF_CLIENTS} OR s.line IN (
        'fee_income', 'charge_income', 'agent_commission', 'bonus_cost', 'write_off', 'adjustments'
    )
)"""
_OF_PARTNERS = "s.line = 'ib_cost'"

_LINE_OF_OPERATION = """
CASE
    WHEN d.is_trade THEN ''
    WHEN d.component = 'charge' THEN 'charge_income'
    WHEN d.component = 'agent' THEN 'agent_commission'
    WHEN d.component = 'bonus' THEN 'bonus_cost'
    WHEN d.component = 'so_compensation' THEN 'write_off'
    WHEN d.component IN ('correction', 'interest', 'dividend', 'tax', 'unknown') THEN 'adjustments'
    ELSE ''
END
"""
_DEALS = f"""
SELECT {DEAL_COLUMNS}, s.line,
    CASE
        WHEN s.line = 'dealing_realised' THEN -d.closed_pnl_amount
        WHEN s.line = 'swap_income' THEN -d.swap_amount
        WHEN s.line = 'fee_income' THEN -d.fee_amount
        WHEN s.line = 'commission_income' THEN -d.commission_amount
            - CASE WHEN d.component IN ('commission', 'commission_round') THEN {OPERATION}
                ELSE 0 END
        WHEN s.line = {_LINE_OF_OPERATION} THEN -{OPERATION}
        ELSE 0
    END AS measured_amount
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date = s.business_date
    AND CASE WHEN d.is_trade THEN d.symbol ELSE '' END = s.symbol
{ACCOUNT_OF_SUBJECT}
WHERE {_OF_DEALS}
"""

# What floats at the day's close, and, taken away, at the close before.
_MARKS = f"""
SELECT s.*, c.has_positions, steps.turn,
    CASE steps.turn WHEN 1 THEN c.business_date ELSE c.previous_close_date END AS mark_date
FROM subject AS s
JOIN lake.intermediate.int_server_closes AS c
    ON c.tenant_id = s.tenant_id AND c.server_id = s.server_id
    AND c.business_date = s.business_date
CROSS JOIN (SELECT unnest([1, -1]) AS turn) AS steps
WHERE {_OF_CLIENTS}
"""
_FLOATS = """
CASE s.line
    WHEN 'dealing_floating' THEN -s.turn * {0}.floating_pnl_amount
    WHEN 'swap_income' THEN -s.turn * {0}.floating_swap_amount
    ELSE 0
END
"""
_POSITIONS = f"""
SELECT s.subject_key, s.line, o.*, o.business_date AS rate_date, a.main_currency, a.money_divisor,
    {_FLOATS.format("o")} AS measured_amount
FROM ({_MARKS}) AS s
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.login = s.login
    AND o.business_date = s.mark_date AND o.symbol = s.symbol
{ACCOUNT_OF_SUBJECT}
"""
_REPORTS = f"""
SELECT s.subject_key, s.line, r.*, r.business_date AS rate_date, a.main_currency, a.money_divisor,
    {_FLOATS.format("r")} AS measured_amount
FROM ({_MARKS}) AS s
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = s.mark_date AND s.symbol = ''
{ACCOUNT_OF_SUBJECT}
WHERE NOT s.has_positions AND NOT r.is_held_as_position
    AND (r.floating_pnl_amount <> 0 OR r.floating_swap_amount <> 0)
"""

# As booked: a line of the ledger is never converted again.
_LEDGER_LINES = f"""
SELECT s.subject_key, s.tenant_id, l.ledger_line_key, l.entry_type, l.booked_at, l.deal_key,
    l.agreement_id, l.amount AS booked_amount, l.amount_currency,
    l.amount_reporting AS booked_reporting, d.raw_row_id, d.load_id
FROM subject AS s
JOIN lake.partners.fct_commission_ledger AS l
    ON l.tenant_id = s.tenant_id AND l.server_id = s.server_id
    AND l.business_date = s.business_date
    AND l.account_key IS NOT DISTINCT FROM s.account_key
    AND l.client_key IS NOT DISTINCT FROM s.client_key
    AND l.partner_key IS NOT DISTINCT FROM s.partner_key
    AND coalesce(l.symbol, '') = s.symbol
    AND l.amount_currency IS NOT DISTINCT FROM s.amount_currency
LEFT JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = l.tenant_id AND d.server_id = l.server_id AND d.deal_key = l.deal_key
    AND d.business_date = l.business_date
WHERE {_OF_PARTNERS} AND l.amount <> 0
"""

ACCOUNT_PARTS = (
    Part(
        "deal",
        _DEALS,
        "deal_key",
        DEAL_SHOWS,
        ADDS,
        DEAL_SOURCES,
        only_where=_OF_DEALS,
    ),
    Part(
        "open position",
        _POSITIONS,
        "position_key",
        POSITION_SHOWS,
        ADDS,
        POSITION_SOURCES,
        only_where=_OF_CLIENTS,
    ),
    Part(
        "platform report",
        _REPORTS,
        "business_date",
        REPORT_SHOWS,
        ADDS,
        REPORT_SOURCES,
        only_where=f"{_OF_CLIENTS} AND s.symbol = ''",
    ),
    Part(
        "commission ledger line",
        _LEDGER_LINES,
        "ledger_line_key",
        (
            "booked_at",
            "entry_type",
            "deal_key",
            "agreement_id",
            "booked_amount",
            "amount_currency",
            "booked_reporting",
        ),
        {"amount": "-booked_amount", "amount_reporting": "-booked_reporting"},
        DEAL_SOURCES,
        only_where=_OF_PARTNERS,
    ),
)
