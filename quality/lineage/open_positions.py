"""finance.fct_open_positions: a position at a close, read again from the platform's own row.

MetaTrader 4 and cTrader state no position of a past close: theirs are reckoned again from the
prices and the rate that the row names.
"""

from __future__ import annotations

from quality.lineage.canonical_rows import (
    ACCOUNT_OF_SUBJECT,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
)
from quality.lineage.declaration import Lineage, Part, Rule
from quality.lineage.rounding import settled
from quality.lineage.rules import GROUP_MAPPING


def _rounded(amount: str) -> str:
    # DuckDB rounds a decimal to a constant number of digits only.
    exact = f"CAST({amount} AS DECIMAL(24, 8))"
    cases = " ".join(f"WHEN {digits} THEN round({exact}, {digits})" for digits in range(8))
    return f"CASE p.digits_currency {cases} ELSE {exact} END"


# The platform's doubles, rounded to the digits they were meant to have: not through staging.
_MT5 = f"""
SELECT s.subject_key, p._tenant_id AS tenant_id, s.server_id, s.login, s.position_id,
    s.business_date, p.symbol, s.business_date AS rate_date, a.main_currency, a.money_divisor,
    s.account_currency, p.profit, p.storage, p.volume_ext, p.contract_size,
    {_rounded("p.profit")} AS floating_pnl, {_rounded("coalesce(p.storage, 0)")} AS floating_swap,
    CASE
        WHEN coalesce(p.volume_ext, 0) <> 0
        THEN CAST(p.volume_ext AS DECIMAL(28, 0)) * CAST(0.00000001 AS DECIMAL(9, 8))
        ELSE CAST(p.volume AS DECIMAL(28, 0)) * CAST(0.0001 AS DECIMAL(5, 4))
    END AS lots
FROM subject AS s
JOIN lake.raw.mt5_daily_positions AS p
    ON p._tenant_id = s.tenant_id AND p._source = s.server_id AND p.login = s.login
    AND p.position = s.position_id AND p._business_date = s.business_date
LEFT JOIN lake.raw.superseded AS newer
    ON newer.superseded_row_id = p._row_id
    AND newer.superseded_by_load <= getvariable('daybook_watermark')
{ACCOUNT_OF_SUBJECT}
WHERE newer.superseded_row_id IS NULL AND NOT p._is_deleted
    AND p._load_id <= getvariable('daybook_watermark')
"""


_RAW_PROFIT = settled(
    "(s.close_price - s.open_price) * CASE s.side WHEN 'sell' THEN -1 ELSE 1 END * s.volume_units",
    "coalesce(c.minor_units, 2)",
)
_PROFIT = settled(f"{_RAW_PROFIT} * CAST(s.profit_rate AS DECIMAL(24, 8))", "a.currency_digits")
_VALUED = f"""
SELECT s.subject_key, s.* EXCLUDE (subject_key), s.business_date AS rate_date, a.main_currency,
    a.money_divisor,
    {_PROFIT} + s.floating_commission_amount AS floating_pnl
FROM subject AS s
JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = s.tenant_id AND a.server_id = s.server_id AND a.login = s.login
    AND a.platform IN ('mt4', 'ctrader')
LEFT JOIN lake.canonical.can_instruments AS i
    ON i.tenant_id = s.tenant_id AND i.server_id = s.server_id AND i.symbol = s.symbol
LEFT JOIN lake.reference.ref_currencies AS c ON c.currency = i.profit_currency
WHERE s.symbol <> ''
"""

# MetaTrader 4 reports the floating result of an account in one sum: what its positions do not
# come to is a row of its own.
_MT4 = f"""
SELECT s.subject_key, p._tenant_id AS tenant_id, s.server_id, s.login, s.position_id,
    s.business_date, s.business_date AS rate_date, a.main_currency, a.money_divisor,
    s.account_currency, p.profit,
    {_rounded("coalesce(p.profit, 0)")} - coalesce(h.floating, 0) AS floating_pnl
FROM (
    SELECT subject.*, a.currency_digits AS digits_currency
    FROM subject
    LEFT JOIN lake.canonical.can_accounts AS a
        ON a.tenant_id = subject.tenant_id AND a.server_id = subject.server_id
        AND a.login = subject.login
) AS s
JOIN lake.raw.mt4_daily AS p
    ON p._tenant_id = s.tenant_id AND p._source = s.server_id AND p.login = -s.position_id
    AND p._business_date = s.business_date
LEFT JOIN lake.raw.superseded AS newer
    ON newer.superseded_row_id = p._row_id
    AND newer.superseded_by_load <= getvariable('daybook_watermark')
LEFT JOIN (
    SELECT tenant_id, server_id, login, business_date,
        sum(coalesce(floating_pnl_amount, 0) + coalesce(floating_swap_amount, 0)) AS floating
    FROM {POSITIONS}
    WHERE position_id > 0
    GROUP BY ALL
) AS h
    ON h.tenant_id = s.tenant_id AND h.server_id = s.server_id AND h.login = s.login
    AND h.business_date = s.business_date
{ACCOUNT_OF_SUBJECT}
WHERE newer.superseded_row_id IS NULL AND NOT p._is_deleted
    AND p._load_id <= getvariable('daybook_watermark')
""".replace("CASE p.digits_currency", "CASE s.digits_currency")

_ADDS = {
    "volume_lots": "lots",
    "volume_units": "CAST(lots AS DECIMAL(24, 8)) * CAST(contract_size AS DECIMAL(24, 8))",
    "floating_pnl_amount": "floating_pnl",
    "floating_swap_amount": "floating_swap",
    "floating_pnl_reporting": "floating_pnl * :rate",
    "floating_swap_reporting": "floating_swap * :rate",
}

LINEAGE = Lineage(
    table="finance.fct_open_positions",
    key=("tenant_id", "server_id", "position_id", "business_date"),
    key_text="s.position_key || '/' || CAST(s.business_date AS VARCHAR)",
    currencies={
        "floating_pnl_amount": "account_currency",
        "floating_swap_amount": "account_currency",
        "floating_pnl_reporting": "reporting_currency",
        "floating_swap_reporting": "reporting_currency",
    },
    parts=(
        Part(
            "position at the close",
            _MT5,
            "position_id",
            ("business_date", "symbol", "volume_ext", "profit", "storage", "account_currency"),
            _ADDS,
            POSITION_SOURCES,
        ),
        Part(
            "position at the closing quotes",
            _VALUED,
            "position_id",
            POSITION_SHOWS,
            {
                "volume_lots": "volume_lots",
                "volume_units": "volume_units",
                "floating_pnl_amount": "floating_pnl",
                "floating_swap_amount": "floating_swap_amount",
                "floating_pnl_reporting": "floating_pnl * :rate",
                "floating_swap_reporting": "floating_swap_amount * :rate",
            },
            POSITION_SOURCES,
        ),
        Part(
            "rest of the account's floating result",
            _MT4,
            "position_id",
            ("business_date", "profit", "account_currency"),
            {
                "floating_pnl_amount": "floating_pnl",
                "floating_pnl_reporting": "floating_pnl * :rate",
            },
            POSITION_SOURCES,
        ),
    ),
    rules=(
        GROUP_MAPPING,
        Rule("What floats is converted at the rate of its close."),
    ),
)
