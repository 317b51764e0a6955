"""finance.fct_lp_balances: an account at a provider, from its statement lines and balances."""

from __future__ import annotations

from quality.lineage.declaration import Lineage, Part, Rule, SourceRows

_KEY = ("tenant_id", "lp_id", "lp_account_id", "currency")
_SAME = " AND ".join(f"{{0}}.{name} = s.{name}" for name in _KEY)
_BY_ROW = {"_row_id": "raw_row_id", "_load_id": "load_id"}

_SUBJECT = """
SELECT b.*, (
    SELECT max(earlier.balance_date)
    FROM lake.staging.stg_lp__balances AS earlier
    WHERE earlier.tenant_id = b.tenant_id AND earlier.lp_id = b.lp_id
        AND earlier.lp_account_id = b.lp_account_id AND earlier.currency = b.currency
        AND earlier.balance_date < b.balance_date
) AS previous_date
FROM lake.finance.fct_lp_balances AS b
"""

# A line belongs to the first balance on its day or after it.
_LINES = f"""
SELECT s.subject_key, l.tenant_id, l.line_id, l.booked_date, l.line_type, l.symbol, l.amount,
    l.currency, l.raw_row_id, l.load_id
FROM subject AS s
JOIN lake.staging.stg_lp__statement_lines AS l ON {_SAME.format("l")}
    AND l.booked_date <= s.balance_date
    AND (s.previous_date IS NULL OR l.booked_date > s.previous_date)
"""

_STATED = f"""
SELECT s.subject_key, b.tenant_id, b.balance_date, b.opening_balance_amount,
    b.closing_balance_amount, b.currency, b.raw_row_id, b.load_id
FROM subject AS s
JOIN lake.staging.stg_lp__balances AS b
    ON {_SAME.format("b")} AND b.balance_date = s.balance_date
"""

# Where no opening balance is stated, the day opens as the one before closed.
_BEFORE = f"""
SELECT s.subject_key, b.tenant_id, b.balance_date, b.closing_balance_amount, b.currency,
    b.raw_row_id, b.load_id
FROM subject AS s
JOIN lake.staging.stg_lp__balances AS b
    ON {_SAME.format("b")} AND b.balance_date = s.previous_date
JOIN lake.staging.stg_lp__balances AS today
    ON {_SAME.format("today")} AND today.balance_date = s.balance_date
WHERE today.opening_balance_amount IS NULL
"""


def _of(*types: str) -> str:
    listed = ", ".join(f"'{name}'" for name in types)
    return f"CASE WHEN line_type IN ({listed}) THEN amount ELSE 0 END"


_SPLIT = ("trade_pnl", "commission", "swap", "deposit", "withdrawal")
_OPENING = "coalesce(opening_balance_amount, 0)"
_BALANCES = SourceRows("lp_balances", ("account", "balance_date", "currency"), _BY_ROW)

LINEAGE = Lineage(
    table="finance.fct_lp_balances",
    key=("tenant_id", "lp_id", "lp_account_id", "currency", "balance_date"),
    key_text="concat_ws('/', s.tenant_id, s.lp_id, s.lp_account_id, s.currency,"
    " CAST(s.balance_date AS VARCHAR))",
    currencies={
        f"{name}_amount": "currency"
        for name in (
            "trade_pnl", "commission", "swap", "transfers", "other", "opening_balance",
            "expected_balance", "closing_balance", "balance_difference",
        )
    },
    subject=_SUBJECT,
    parts=(
        Part(
            "statement line",
            _LINES,
            "line_id",
            ("booked_date", "line_type", "symbol", "amount", "currency"),
            {
                "trade_pnl_amount": _of("trade_pnl"),
                "commission_amount": _of("commission"),
                "swap_amount": _of("swap"),
                "transfers_amount": _of("deposit", "withdrawal"),
                "other_amount": f"amount - {_of(*_SPLIT)}",
                "expected_balance_amount": "amount",
                "balance_difference_amount": "-amount",
            },
            (SourceRows("lp_statement_lines", ("line_id",), _BY_ROW),),
        ),
        Part(
            "stated balance",
            _STATED,
            "balance_date",
            ("opening_balance_amount", "closing_balance_amount", "currency"),
            {
                "opening_balance_amount": _OPENING,
                "expected_balance_amount": _OPENING,
                "closing_balance_amount": "closing_balance_amount",
                "balance_difference_amount": f"closing_balance_amount - {_OPENING}",
            },
            (_BALANCES,),
        ),
        Part(
            "balance before it",
            _BEFORE,
            "balance_date",
            ("closing_balance_amount", "currency"),
            {
                "opening_balance_amount": "closing_balance_amount",
                "expected_balance_amount": "closing_balance_amount",
                "balance_difference_amount": "-closing_balance_amount",
            },
            (_BALANCES,),
        ),
    ),
    rules=(
        Rule("A line belongs to the first balance that is stated on its day or after it."),
        Rule("Deposits and withdrawals are transfers; what has no column of its own is other."),
    ),
)  # fmt: skip
