"""What a journal entry is made of that a payment provider, a bank or a liquidity provider states.

Each part reads ``subject`` as those of journal_parts.py do; ``source_id`` names the line.
"""

from __future__ import annotations

from quality.lineage.declaration import Part, SourceRows
from quality.lineage.journal_parts import ADDS, OF_ENTRY, that_add

_BY_ROW = {"_row_id": "raw_row_id", "_load_id": "load_id"}
_IN_ITS_OWN_MONEY = "s.entry_currency AS main_currency, 1 AS money_divisor"

# Gross, fee, reserve and both sides of a conversion are entries of their own, each in its currency.
_PAYMENTS = f"""
SELECT {OF_ENTRY}, t.psp_account_id, t.event_id, t.event_type, t.status, t.event_at_utc,
    t.gross_amount, t.gross_currency, t.fee_amount, t.fee_currency, t.net_amount, t.net_currency,
    t.reserve_amount, s.business_date AS rate_date, {_IN_ITS_OWN_MONEY},
    CASE WHEN k.entry_kind = s.entry_kind AND t.gross_currency = s.entry_currency
        THEN k.direction * coalesce(t.gross_amount, 0) ELSE 0 END
    + CASE WHEN s.entry_kind = 'psp_fee' AND t.fee_currency = s.entry_currency
        THEN coalesce(t.fee_amount, 0) ELSE 0 END
    + CASE WHEN s.entry_kind = 'psp_reserve' AND t.net_currency = s.entry_currency
        THEN coalesce(t.reserve_amount, 0) ELSE 0 END
    + CASE
        WHEN s.entry_kind <> 'psp_conversion' OR t.gross_currency = t.net_currency
            OR t.net_amount IS NULL
        THEN 0
        WHEN t.gross_currency = s.entry_currency
        THEN coalesce(t.gross_amount, 0)
            - CASE WHEN t.fee_currency = t.gross_currency THEN coalesce(t.fee_amount, 0) ELSE 0 END
        WHEN t.net_currency = s.entry_currency
        THEN -t.net_amount - coalesce(t.reserve_amount, 0)
            - CASE WHEN t.fee_currency = t.net_currency THEN coalesce(t.fee_amount, 0) ELSE 0 END
        ELSE 0
    END AS measured_amount
FROM subject AS s
JOIN lake.staging.stg_psp__transactions AS t
    ON t.tenant_id = s.tenant_id AND t.psp_source_id = s.server_id
    AND CAST(t.event_at_utc AS DATE) = s.business_date
    AND t.psp_account_id || '/' || t.event_id = s.source_id
LEFT JOIN lake.reference.ref_payment_entry_kinds AS k ON k.event_type = t.event_type
WHERE s.entry_kind LIKE 'psp_%'
"""

_AT_BANK = """
    ON {0}.tenant_id = s.tenant_id AND {0}.bank_source_id = s.server_id
    AND {0}.tenant_id || '/' || {0}.bank_source_id || '/' || {0}.bank_account_id = s.account_key
    AND {0}.currency = s.entry_currency
"""
_BANK_LINES = f"""
SELECT {OF_ENTRY}, e.bank_account_id, e.currency, e.statement_id, e.entry_id, e.booking_date,
    e.amount AS line_amount, e.transaction_code, e.bank_reference, e.customer_reference,
    s.business_date AS rate_date, {_IN_ITS_OWN_MONEY},
    -- a charge takes from the bank what it adds to the expense
    CASE WHEN s.entry_kind IN ('bank_charge', 'bank_interest') THEN -1 ELSE 1 END * e.amount
        AS measured_amount
FROM subject AS s
JOIN lake.staging.stg_bank__entries AS e
{_AT_BANK.format("e")}
    AND e.booking_date = s.business_date AND e.is_booked
    AND e.statement_id || '/' || e.entry_id = s.source_id
WHERE s.entry_kind LIKE 'bank_%' AND s.entry_kind <> 'bank_opening'
"""
# An account opens with the first of its statements that states an opening balance.
_BANK_OPENINGS = f"""
SELECT {OF_ENTRY}, b.bank_account_id, b.currency, b.statement_id, b.closing_date,
    b.opening_balance_amount, s.business_date AS rate_date, {_IN_ITS_OWN_MONEY},
    b.opening_balance_amount AS measured_amount
FROM subject AS s
JOIN lake.staging.stg_bank__statements AS b
{_AT_BANK.format("b")}
    AND coalesce(b.opening_date, b.from_date, b.closing_date) = s.business_date
    AND b.opening_balance_amount IS NOT NULL
WHERE s.entry_kind = 'bank_opening'
QUALIFY row_number() OVER (
    PARTITION BY s.subject_key ORDER BY b.closing_date, b.statement_id
) = 1
"""

_AT_PROVIDER = """
    ON {0}.tenant_id = s.tenant_id AND {0}.lp_id = s.server_id
    AND {0}.tenant_id || '/' || {0}.lp_id || '/' || {0}.lp_account_id = s.account_key
    AND {0}.currency = s.entry_currency
"""
_PROVIDER_LINES = f"""
SELECT {OF_ENTRY}, l.line_id, l.booked_date, l.line_type, l.symbol, l.amount AS line_amount,
    l.currency, l.raw_row_id, l.load_id, s.business_date AS rate_date, {_IN_ITS_OWN_MONEY},
    CASE WHEN l.line_type IN ('deposit', 'withdrawal', 'trade_pnl') THEN 1 ELSE -1 END * l.amount
        AS measured_amount
FROM subject AS s
JOIN lake.staging.stg_lp__statement_lines AS l
{_AT_PROVIDER.format("l")}
    AND l.booked_date = s.business_date AND l.line_id = s.source_id
WHERE s.entry_kind LIKE 'lp_%' AND s.entry_kind <> 'lp_opening'
"""
# The first balance that is stated; where it states no opening, its lines are taken off the closing.
_FIRST_BALANCES = f"""
SELECT {OF_ENTRY}, s.account_key, s.entry_currency, b.balance_date, b.opening_balance_amount,
    b.closing_balance_amount, b.currency, b.raw_row_id, b.load_id, s.business_date AS rate_date,
    {_IN_ITS_OWN_MONEY},
    coalesce(b.opening_balance_amount, b.closing_balance_amount) AS measured_amount
FROM subject AS s
JOIN lake.staging.stg_lp__balances AS b
{_AT_PROVIDER.format("b")}
    AND b.balance_date = s.business_date
WHERE s.entry_kind = 'lp_opening'
"""
_LINES_BEFORE = f"""
SELECT s.* EXCLUDE (raw_row_id, load_id, measured_amount, currency), l.line_id, l.booked_date,
    l.line_type, l.symbol, l.amount AS line_amount, l.currency, l.raw_row_id, l.load_id,
    -l.amount AS measured_amount
FROM ({_FIRST_BALANCES}) AS s
JOIN lake.staging.stg_lp__statement_lines AS l
{_AT_PROVIDER.format("l")}
    AND l.booked_date <= s.balance_date
WHERE s.opening_balance_amount IS NULL
"""

_LINE_SHOWS = ("booked_date", "line_type", "symbol", "line_amount", "currency")
_LINE_SOURCES = (SourceRows("lp_statement_lines", ("account", "line_id"), _BY_ROW),)

STATED_PARTS = (
    Part(
        "payment",
        that_add(_PAYMENTS),
        "event_id",
        (
            "event_at_utc", "event_type", "status", "gross_amount", "gross_currency", "fee_amount",
            "fee_currency", "net_amount", "net_currency", "reserve_amount",
        ),
        ADDS,
        (
            SourceRows(
                "psp_transactions",
                ("psp_account", "event_id"),
                {
                    "_source": "server_id",
                    "psp_account": "psp_account_id",
                    "event_id": "event_id",
                },
            ),
        ),
        only_where="s.entry_kind LIKE 'psp_%'",
    ),
    Part(
        "bank line",
        that_add(_BANK_LINES),
        "entry_id",
        (
            "booking_date", "statement_id", "line_amount", "currency", "transaction_code",
            "bank_reference", "customer_reference",
        ),
        ADDS,
        (
            SourceRows(
                "bank_entries",
                ("account_id", "currency", "statement_id", "entry_id"),
                {
                    "_source": "server_id",
                    "account_id": "bank_account_id",
                    "currency": "currency",
                    "statement_id": "statement_id",
                    "entry_id": "entry_id",
                },
            ),
        ),
        only_where="s.entry_kind LIKE 'bank_%' AND s.entry_kind <> 'bank_opening'",
    ),
    Part(
        "first bank statement",
        that_add(_BANK_OPENINGS),
        "statement_id",
        ("closing_date", "opening_balance_amount", "currency"),
        ADDS,
        (
            SourceRows(
                "bank_statements",
                ("account_id", "currency", "statement_id"),
                {
                    "_source": "server_id",
                    "account_id": "bank_account_id",
                    "currency": "currency",
                    "statement_id": "statement_id",
                },
            ),
        ),
        only_where="s.entry_kind = 'bank_opening'",
    ),
    Part(
        "liquidity provider line",
        that_add(_PROVIDER_LINES),
        "line_id",
        _LINE_SHOWS,
        ADDS,
        _LINE_SOURCES,
        only_where="s.entry_kind LIKE 'lp_%' AND s.entry_kind <> 'lp_opening'",
    ),
    Part(
        "first liquidity provider balance",
        that_add(_FIRST_BALANCES),
        "balance_date",
        ("balance_date", "opening_balance_amount", "closing_balance_amount", "currency"),
        ADDS,
        (SourceRows("lp_balances", ("account", "balance_date", "currency"), _BY_ROW),),
        only_where="s.entry_kind = 'lp_opening'",
    ),
    Part(
        "earlier liquidity provider line",
        that_add(_LINES_BEFORE),
        "line_id",
        _LINE_SHOWS,
        ADDS,
        _LINE_SOURCES,
        only_where="s.entry_kind = 'lp_opening'",
    ),
)  # fmt: skip
