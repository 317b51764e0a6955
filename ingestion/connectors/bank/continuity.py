"""What statements must satisfy together: each ties, they follow on each other, none is missing.

Asked of the tables after each pass that loaded something, so that a statement that came late, or
corrected, settles what was said before.
"""

from __future__ import annotations

from decimal import Decimal

import duckdb

from ingestion.connectors.bank.contract import STATEMENTS
from ingestion.problems import Problem

_CURRENT = """
    WITH statements AS (
        SELECT r.*, coalesce(r.closing_date, r.to_date) AS day
        FROM lake.raw.bank_statements AS r
        ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
        WHERE r._tenant_id = $tenant AND r._source = $source AND NOT r._is_deleted
    )
"""

_UNTIED = (
    _CURRENT
    + """
    SELECT account_id, currency, statement_id, _source_table, _source_row, opening_balance,
        credits_amount + debits_amount, closing_balance,
        opening_balance + credits_amount + debits_amount - closing_balance AS difference
    FROM statements
    WHERE difference <> 0
    ORDER BY account_id, currency, day, statement_id
"""
)

_BROKEN_CHAIN = (
    _CURRENT
    + """
    , chained AS (
        SELECT account_id, currency, statement_id, _source_table, _source_row, day,
            opening_balance,
            lag(closing_balance) OVER chain AS closed_at,
            lag(statement_id) OVER chain AS previous_id
        FROM statements
        WHERE opening_balance IS NOT NULL AND closing_balance IS NOT NULL
        WINDOW chain AS (
            PARTITION BY account_id, currency
            ORDER BY day, statement_number NULLS LAST, page_number NULLS FIRST, _source_table,
                _source_row
        )
    )
    SELECT account_id, currency, statement_id, _source_table, _source_row, opening_balance,
        closed_at, previous_id, opening_balance - closed_at
    FROM chained
    WHERE opening_balance <> closed_at
    ORDER BY account_id, currency, day, statement_id
"""
)

_GAPS = (
    _CURRENT
    + """
    , numbers AS (
        SELECT account_id, currency, year(day) AS of_year, statement_number,
            min(statement_id) AS statement_id
        FROM statements
        WHERE statement_number IS NOT NULL AND day IS NOT NULL
        GROUP BY account_id, currency, of_year, statement_number
    ),
    followed AS (
        SELECT *, lag(statement_number) OVER numbering AS previous_number
        FROM numbers
        WINDOW numbering AS (PARTITION BY account_id, currency, of_year ORDER BY statement_number)
    )
    SELECT account_id, currency, of_year, statement_id, previous_number, statement_number
    FROM followed
    WHERE statement_number > previous_number + 1
    ORDER BY account_id, currency, of_year, statement_number
"""
)


def continuity_problems(con: duckdb.DuckDBPyConnection, tenant: str, source: str) -> list[Problem]:
    """Statements that do not tie, do not follow on the one before, or are missing."""
    place = {"tenant": tenant, "source": source}
    problems = [
        _error(
            f"Statement {statement} of {account} {currency} ({file} row {row}) does not tie: "
            f"opening {_plain(opening)} and entries {_plain(moved)} come to "
            f"{_plain(opening + moved)}, it closes at {_plain(closing)}: {_plain(difference)} "
            "too much.",
            "ask the bank for the whole statement and deliver it again; where reversals are the "
            "difference, see options.reversals",
        )
        for account, currency, statement, file, row, opening, moved, closing, difference in (
            con.execute(_UNTIED, place).fetchall()
        )
    ]
    problems += [
        _error(
            f"Statement {statement} of {account} {currency} ({file} row {row}) opens at "
            f"{_plain(opening)}; the one before it, {previous}, closed at {_plain(closed)}: "
            f"{_plain(difference)} between them.",
            "deliver the statements that are missing between the two",
        )
        for account, currency, statement, file, row, opening, closed, previous, difference in (
            con.execute(_BROKEN_CHAIN, place).fetchall()
        )
    ]
    problems += [
        Problem(
            STATEMENTS.table,
            "warning",
            f"Account {account} {currency}: of {year} statement {_range(before + 1, number - 1)} "
            f"missing before {statement}.",
            "deliver what is missing; nothing, if the bank skips numbers",
        )
        for account, currency, year, statement, before, number in (
            con.execute(_GAPS, place).fetchall()
        )
    ]
    return problems


def _error(what: str, todo: str) -> Problem:
    return Problem(STATEMENTS.table, "error", what, todo)


def _plain(amount: Decimal) -> str:
    """At least two decimals, without the zeros behind them."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _range(first: int, last: int) -> str:
    return f"{first} is" if first == last else f"{first} to {last} are"
