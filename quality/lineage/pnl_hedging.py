"""What the lines of the broker's P&L are made of that hedging with liquidity providers brings.

Each part reads ``subject`` with the dimensions of finance.fct_broker_pnl, as pnl_accounts.py does.
"""

from __future__ import annotations

from quality.lineage.canonical_rows import (
    DEAL_COLUMNS,
    DEAL_SHOWS,
    DEAL_SOURCES,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
)
from quality.lineage.declaration import Part, SourceRows
from quality.lineage.journal_parts import that_add
from quality.lineage.pnl_accounts import ADDS

_BY_ROW = {"_row_id": "raw_row_id", "_load_id": "load_id"}
_BOOK = ("tenant_id", "server_id", "legal_entity", "book", "desk", "business_date", "instrument")
_SAME_BOOK = " AND ".join(f"{{0}}.{name} = s.{name}" for name in _BOOK)

# Prices are read from the fill and its deal; how much of the deal the fill hedges is said by the
# mart of fills, which hands a deal's volume out in order of time.
_FILLS = f"""
SELECT s.subject_key, s.line, s.tenant_id, f.fill_key, c.executed_at_utc, c.symbol, c.side,
    c.volume_units, f.matched_units, c.price AS fill_price, d.price AS client_price, f.deal_key,
    c.commission_amount, c.commission_currency, c.raw_row_id, c.load_id,
    s.business_date AS rate_date, 1 AS money_divisor,
    CASE s.line WHEN 'lp_commission' THEN c.commission_currency ELSE c.profit_currency END
        AS main_currency,
    CASE
        WHEN s.line = 'lp_commission' THEN c.commission_amount
        -- the mart keeps eight decimals
        ELSE CAST(
            f.matched_units * CASE c.side WHEN 'sell' THEN -1 ELSE 1 END
            * coalesce(d.price - c.price, 0) AS DECIMAL(24, 8)
        ) * CASE s.line WHEN 'mark_up' THEN 1 ELSE -1 END
    END AS measured_amount
FROM subject AS s
JOIN lake.finance.fct_lp_fills AS f ON {_SAME_BOOK.format("f")}
JOIN lake.canonical.can_lp_fills AS c ON c.raw_row_id = f.raw_row_id
LEFT JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = f.tenant_id AND d.server_id = f.server_id AND d.deal_key = f.deal_key
    AND d.business_date = f.business_date
WHERE s.line = 'valuation' OR (
    f.lp_id = s.lp_id
    AND f.account_key IS NOT DISTINCT FROM s.account_key
    AND coalesce(f.deal_symbol, '') = s.symbol
    AND CASE s.line
        WHEN 'mark_up' THEN f.account_key IS NOT NULL
            AND c.profit_currency IS NOT DISTINCT FROM s.amount_currency
        WHEN 'lp_commission' THEN c.commission_currency IS NOT DISTINCT FROM s.amount_currency
        ELSE false
    END
)
"""

# Commission counts by statement where no fill of the provider states one.
_STATEMENT_LINES = """
SELECT s.subject_key, s.line, l.tenant_id, l.line_id, l.business_date, l.line_type, l.symbol,
    l.amount AS measured_amount, l.currency, l.raw_row_id, l.load_id,
    l.business_date AS rate_date, l.currency AS main_currency, 1 AS money_divisor
FROM subject AS s
JOIN lake.canonical.can_lp_statement_lines AS l
    ON l.tenant_id = s.tenant_id AND l.server_id = s.server_id
    AND l.legal_entity = s.legal_entity AND l.business_date = s.business_date
    AND l.lp_id = s.lp_id AND l.instrument = s.instrument AND l.currency = s.amount_currency
LEFT JOIN (
    SELECT DISTINCT tenant_id, lp_id FROM lake.canonical.can_lp_fills WHERE commission_amount <> 0
) AS charging
    ON charging.tenant_id = l.tenant_id AND charging.lp_id = l.lp_id
WHERE s.account_key IS NULL AND s.symbol = '' AND s.book = 'A' AND s.desk = 'unmapped'
    AND s.line = CASE
        WHEN l.line_type = 'commission' AND charging.lp_id IS NOT NULL THEN ''
        WHEN l.line_type IN ('commission', 'fee', 'rebate', 'tax') THEN 'lp_commission'
        WHEN l.line_type IN ('swap', 'interest', 'dividend') THEN 'lp_swap'
        WHEN l.line_type IN ('trade_pnl', 'deposit', 'withdrawal') THEN ''
        ELSE 'lp_adjustment'
    END
"""

# Of the valuation: what providers' prices brought, less what is told as residual.
_RECONCILED = f"""
SELECT s.subject_key, s.line, r.tenant_id, r.instrument, r.lp_id, r.client_signed_units,
    r.fill_signed_units, r.exposure_units, r.mark_price, r.lp_result_amount,
    r.hedge_residual_amount, r.profit_currency, r.business_date AS rate_date,
    r.profit_currency AS main_currency, 1 AS money_divisor,
    concat_ws('/', r.tenant_id, r.server_id, r.legal_entity, r.book, r.desk, r.instrument, r.lp_id)
        AS reconciled_key,
    CASE s.line
        WHEN 'hedge_residual' THEN r.hedge_residual_amount
        ELSE CASE r.lp_id WHEN '' THEN 0 ELSE r.lp_result_amount END - r.hedge_residual_amount
    END AS measured_amount
FROM subject AS s
JOIN lake.finance.fct_lp_reconciliation AS r ON {_SAME_BOOK.format("r")}
WHERE s.line IN ('hedge_residual', 'valuation') AND r.is_marked
"""

# The clients' side of the valuation: what the hedged accounts of the book won and lost.
_ACCOUNTS = """
JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = {0}.tenant_id AND a.server_id = {0}.server_id AND a.login = {0}.login
    AND NOT a.is_excluded AND a.known_from <> 'deals'
LEFT JOIN lake.canonical.can_instruments AS i
    ON i.tenant_id = {0}.tenant_id AND i.server_id = {0}.server_id AND i.symbol = {0}.symbol
"""
_INSTRUMENT = (
    "coalesce(i.instrument, upper(regexp_replace({0}.symbol,"
    " '([.][.]*[a-z]*|-[0-9]+|[#+_]+)$', '')))"
)
_BOOK_OF_DAY = """
JOIN lake.canonical.can_account_books AS b
    ON b.tenant_id = {0}.tenant_id AND b.server_id = {0}.server_id AND b.login = {0}.login
    AND b.legal_entity = s.legal_entity AND b.book = s.book AND b.desk = s.desk
    AND b.valid_from <= s.business_date
    AND (b.valid_to IS NULL OR b.valid_to > s.business_date)
"""
_VALUED_DEALS = f"""
SELECT {DEAL_COLUMNS}, s.line, -d.closed_pnl_amount AS measured_amount
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id
    AND d.business_date = s.business_date AND d.is_trade
{_ACCOUNTS.format("d")}
{_BOOK_OF_DAY.format("d")}
WHERE s.line = 'valuation' AND {_INSTRUMENT.format("d")} = s.instrument
"""
_VALUED_POSITIONS = f"""
SELECT s.subject_key, s.line, o.*, o.business_date AS rate_date, a.main_currency, a.money_divisor,
    -s.turn * o.floating_pnl_amount AS measured_amount
FROM (
    SELECT s.*, steps.turn,
        CASE steps.turn WHEN 1 THEN c.business_date ELSE c.previous_close_date END AS mark_date
    FROM subject AS s
    JOIN lake.intermediate.int_server_closes AS c
        ON c.tenant_id = s.tenant_id AND c.server_id = s.server_id
        AND c.business_date = s.business_date
    CROSS JOIN (SELECT unnest([1, -1]) AS turn) AS steps
    WHERE s.line = 'valuation'
) AS s
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.business_date = s.mark_date
{_ACCOUNTS.format("o")}
{_BOOK_OF_DAY.format("o")}
WHERE {_INSTRUMENT.format("o")} = s.instrument
"""

HEDGING_PARTS = (
    Part(
        "fill",
        that_add(_FILLS),
        "fill_key",
        (
            "executed_at_utc", "symbol", "side", "volume_units", "matched_units", "fill_price",
            "client_price", "deal_key", "commission_amount", "commission_currency",
        ),
        ADDS,
        (SourceRows("lp_fills", ("executed_on", "session", "fill_id"), _BY_ROW),),
        only_where="s.line IN ('mark_up', 'lp_commission', 'valuation')",
    ),
    Part(
        "liquidity provider line",
        that_add(_STATEMENT_LINES),
        "line_id",
        ("business_date", "line_type", "symbol", "measured_amount", "currency"),
        ADDS,
        (SourceRows("lp_statement_lines", ("account", "line_id"), _BY_ROW),),
        only_where="s.line IN ('lp_commission', 'lp_swap', 'lp_adjustment')",
    ),
    Part(
        "reconciliation row",
        that_add(_RECONCILED),
        "reconciled_key",
        (
            "instrument", "lp_id", "client_signed_units", "fill_signed_units", "exposure_units",
            "mark_price", "lp_result_amount", "hedge_residual_amount", "profit_currency",
        ),
        ADDS,
        only_where="s.line IN ('hedge_residual', 'valuation')",
    ),
    Part(
        "hedged client's deal",
        _VALUED_DEALS,
        "deal_key",
        DEAL_SHOWS,
        ADDS,
        DEAL_SOURCES,
        only_where="s.line = 'valuation'",
    ),
    Part(
        "hedged client's open position",
        _VALUED_POSITIONS,
        "position_key",
        POSITION_SHOWS,
        ADDS,
        POSITION_SOURCES,
        only_where="s.line = 'valuation'",
    ),
)  # fmt: skip
