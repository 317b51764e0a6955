"""finance.fct_daily_pnl: the house's result of an account and symbol on a business day."""

from __future__ import annotations

from quality.lineage.canonical_rows import (
    ACCOUNT_OF_SUBJECT,
    DEAL_COLUMNS,
    DEAL_SHOWS,
    DEAL_SOURCES,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
    REPORT_SHOWS,
    REPORT_SOURCES,
    REPORTS,
)
from quality.lineage.declaration import Lineage, Part, Rule
from quality.lineage.rules import GROUP_MAPPING

# What is no trade belongs to no symbol.
_DEALS = f"""
SELECT {DEAL_COLUMNS}, s.book
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date = s.business_date
    AND CASE WHEN d.is_trade THEN d.symbol ELSE '' END = s.symbol
{ACCOUNT_OF_SUBJECT}
WHERE
    d.is_trade
    OR d.component IN ('commission', 'commission_round', 'charge')
    OR d.swap_amount <> 0
    OR d.commission_amount <> 0
    OR d.fee_amount <> 0
"""

# What floats at the day's close counts at that close's rate, what floated at the close before is
# taken away at its own.
_MARKS = """
SELECT s.subject_key, s.symbol AS subject_symbol, s.book, s.tenant_id, s.server_id, s.login,
    c.has_positions, steps.turn,
    CASE steps.turn WHEN 1 THEN c.business_date ELSE c.previous_close_date END AS mark_date
FROM subject AS s
JOIN lake.intermediate.int_server_closes AS c
    ON c.tenant_id = s.tenant_id AND c.server_id = s.server_id
    AND c.business_date = s.business_date
CROSS JOIN (SELECT unnest([1, -1]) AS turn) AS steps
"""

_POSITIONS = f"""
SELECT s.subject_key, s.book, s.turn, o.*, o.business_date AS rate_date, a.main_currency,
    a.money_divisor
FROM ({_MARKS}) AS s
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.login = s.login
    AND o.business_date = s.mark_date AND o.symbol = s.subject_symbol
{ACCOUNT_OF_SUBJECT}
"""

_REPORTS = f"""
SELECT s.subject_key, s.book, s.turn, r.*, r.business_date AS rate_date, a.main_currency,
    a.money_divisor
FROM ({_MARKS}) AS s
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = s.mark_date AND s.subject_symbol = ''
{ACCOUNT_OF_SUBJECT}
WHERE NOT s.has_positions AND NOT r.is_held_as_position
    AND (r.floating_pnl_amount <> 0 OR r.floating_swap_amount <> 0)
"""

_CHARGED = (
    "(commission_amount + CASE WHEN component IN ('commission', 'commission_round')"
    " THEN operation_amount ELSE 0 END)"
)
_FEE = "(fee_amount + CASE component WHEN 'charge' THEN operation_amount ELSE 0 END)"
_DEALING = "CASE book WHEN 'B' THEN -closed_pnl_amount * :rate ELSE 0 END"
_DEALING_OPEN = "CASE book WHEN 'B' THEN -turn * floating_pnl_amount * :rate ELSE 0 END"

_FROM_DEALS = {
    # What a partial close leaves over on MetaTrader 4 is no deal of its own.
    "deal_count": "CASE WHEN is_trade AND action <> 'rest' THEN 1 ELSE 0 END",
    "volume_lots": "CASE WHEN is_turnover THEN volume_lots ELSE 0 END",
    "client_closed_pnl_amount": "closed_pnl_amount",
    "client_swap_amount": "swap_amount",
    "client_commission_amount": _CHARGED,
    "client_fee_amount": _FEE,
    "dealing_pnl_reporting": _DEALING,
    "commission_income_reporting": f"-{_CHARGED} * :rate",
    "swap_income_reporting": "-swap_amount * :rate",
    "fee_income_reporting": f"-{_FEE} * :rate",
    "total_reporting": (f"{_DEALING} - {_CHARGED} * :rate - swap_amount * :rate - {_FEE} * :rate"),
}

_FROM_MARKS = {
    "client_floating_change_amount": "turn * floating_pnl_amount",
    "client_swap_amount": "turn * floating_swap_amount",
    "dealing_pnl_reporting": _DEALING_OPEN,
    "swap_income_reporting": "-turn * floating_swap_amount * :rate",
    "total_reporting": f"{_DEALING_OPEN} - turn * floating_swap_amount * :rate",
}

LINEAGE = Lineage(
    table="finance.fct_daily_pnl",
    key=("tenant_id", "server_id", "login", "symbol", "business_date"),
    key_text="s.account_key || '/' || CAST(s.business_date AS VARCHAR) || '/' || s.symbol",
    currencies={
        name: "reporting_currency" if name.endswith("_reporting") else "account_currency"
        for name in (*_FROM_DEALS, *_FROM_MARKS)
        if name not in ("deal_count", "volume_lots")
    },
    parts=(
        Part("deal", _DEALS, "deal_key", DEAL_SHOWS, _FROM_DEALS, DEAL_SOURCES),
        Part(
            "open position",
            _POSITIONS,
            "position_key",
            POSITION_SHOWS,
            _FROM_MARKS,
            POSITION_SOURCES,
        ),
        Part(
            "platform report",
            _REPORTS,
            "business_date",
            REPORT_SHOWS,
            _FROM_MARKS,
            REPORT_SOURCES,
        ),
    ),
    rules=(
        GROUP_MAPPING,
        Rule(
            "B book: the house has the other side of the client's result, closed and floating; "
            "A book: no dealing result."
        ),
        Rule(
            "Realised amounts count at the rate of their day, what floats at the rate of its own "
            "close; the close before is taken away."
        ),
    ),
)
