"""What the balance of a ledger account is made of: its days, revaluations and year closes.

``subject`` has ``first_date`` and ``last_date`` of the row's day or month; what is older than that
is in its opening.
"""

from __future__ import annotations

from collections.abc import Iterable

from quality.lineage.declaration import Part, Rule

_ADDS = {
    "opening_amount": "CASE WHEN is_older THEN amount ELSE 0 END",
    "debit_amount": "CASE WHEN is_older THEN 0 ELSE debit_amount END",
    "credit_amount": "CASE WHEN is_older THEN 0 ELSE credit_amount END",
    "closing_amount": "amount",
    "amount_reporting": "CASE WHEN is_older THEN 0 ELSE amount_reporting END",
    "closing_reporting": "amount_reporting",
}

_DAYS = """
SELECT tenant_id, server_id, legal_entity, book, ledger_account, currency, position_currency,
    business_date, debit_amount, credit_amount, debit_amount - credit_amount AS amount,
    amount_reporting,
    concat_ws(
        '|', tenant_id, server_id, business_date, legal_entity, book, ledger_account, currency,
        position_currency
    ) AS movement_key
FROM lake.finance.fct_ledger_days
"""
# A revaluation moves the counter-value of the position against its result.
_REVALUATIONS = """
SELECT r.tenant_id, r.legal_entity, '' AS book, legs.ledger_account,
    r.reporting_currency AS currency,
    CASE legs.ledger_account WHEN 'fx_position_value' THEN r.currency ELSE '' END
        AS position_currency,
    r.business_date, r.position_amount, r.rate, r.currency AS revalued_currency,
    legs.turn * r.revaluation_amount AS amount,
    concat_ws('/', r.tenant_id, r.legal_entity, r.currency, r.business_date) AS movement_key
FROM lake.finance.rpt_ledger__fx_revaluations AS r
CROSS JOIN (VALUES ('fx_revaluation', -1), ('fx_position_value', 1)) AS legs(ledger_account, turn)
WHERE r.revaluation_amount <> 0
"""
# A year that is over empties income and expense into retained earnings.
_YEAR_CLOSES = """
SELECT y.tenant_id, y.legal_entity, y.book,
    CASE legs.turn WHEN -1 THEN y.ledger_account ELSE 'retained_earnings' END AS ledger_account,
    y.reporting_currency AS currency, '' AS position_currency, y.business_date, y.year_end,
    y.ledger_account AS emptied_account, legs.turn * y.closed_amount AS amount,
    concat_ws('/', y.tenant_id, y.legal_entity, y.book, y.ledger_account, y.year_end)
        AS movement_key
FROM lake.finance.rpt_ledger__year_closes AS y
CROSS JOIN (VALUES (-1), (1)) AS legs(turn)
"""
_BOTH_SIDES = """
SELECT *, greatest(amount, 0) AS debit_amount, greatest(-amount, 0) AS credit_amount,
    amount AS amount_reporting
FROM ({0})
"""


def ledger_parts(account: Iterable[str], figures: Iterable[str]) -> tuple[Part, ...]:
    """Every movement of a ledger account up to the row's last day.

    Args:
        account: the columns that name the account.
        figures: the mart's figures, of opening, debit, credit and closing amounts and those in
            reporting currency.
    """
    same = " AND ".join(f"m.{name} = s.{name}" for name in account)
    adds = {name: _ADDS[name] for name in figures}

    def part(kind: str, movements: str, shows: tuple[str, ...]) -> Part:
        rows = f"""
SELECT s.subject_key, m.*, m.business_date < s.first_date AS is_older
FROM subject AS s
JOIN ({movements}) AS m ON {same} AND m.business_date <= s.last_date
"""
        return Part(kind, rows, "movement_key", ("business_date", *shows), adds)

    return (
        part(
            "ledger day",
            _DAYS,
            ("server_id", "book", "debit_amount", "credit_amount", "currency", "amount_reporting"),
        ),
        part(
            "revaluation",
            _BOTH_SIDES.format(_REVALUATIONS),
            ("revalued_currency", "position_amount", "rate", "amount", "currency"),
        ),
        part(
            "year close",
            _BOTH_SIDES.format(_YEAR_CLOSES),
            ("year_end", "emptied_account", "amount", "currency"),
        ),
    )


LEDGER_RULES = (
    Rule(
        "A ledger day is explained by itself: `daybook explain finance.fct_ledger_days --key` with "
        "its name."
    ),
    Rule(
        "Income and expense go to retained earnings on the first day after the year; the FX "
        "position is revalued to the rate of each day."
    ),
)
