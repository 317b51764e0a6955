"""The warehouse against a simulated broker's truth: every figure, exactly.

The simulator writes what each figure must come to, by rules of its own, as Parquet files. Each
comparison below puts both sides into one pile, the truth with a plus and the books with a minus,
and groups by key: what does not cancel is broken. A row that one side lacks, or has twice, does
not cancel either.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from quality.findings import Check
from quality.truth_banks import BANK_COMPARISONS
from quality.truth_card_psps import CARD_PSP_COMPARISONS
from quality.truth_challenges import CHALLENGE_COMPARISONS
from quality.truth_crm import BONUS_GRANTS, CRM_TABLES
from quality.truth_ctrader import CTRADER_COMPARISONS
from quality.truth_filings import LOSING_ACCOUNTS
from quality.truth_liquidity import LIQUIDITY_COMPARISONS
from quality.truth_mt4 import MT4_COMPARISONS
from quality.truth_payments import PAYMENT_COMPARISONS
from quality.truth_platforms import (
    PENDING_ORDERS,
    PLATFORM_ACCOUNT_DAYS,
    PLATFORM_PNL,
    PLATFORM_POSITIONS,
)
from quality.truth_queries import BOOK_COMPARISONS, Comparison
from warehouse.sql_text import literal

COMPARISONS = (
    *BOOK_COMPARISONS,
    LOSING_ACCOUNTS,
    CRM_TABLES,
    BONUS_GRANTS,
    PLATFORM_ACCOUNT_DAYS,
    PLATFORM_PNL,
    PLATFORM_POSITIONS,
    PENDING_ORDERS,
    *MT4_COMPARISONS,
    *CARD_PSP_COMPARISONS,
    *BANK_COMPARISONS,
    *PAYMENT_COMPARISONS,
    *CTRADER_COMPARISONS,
    *LIQUIDITY_COMPARISONS,
    *CHALLENGE_COMPARISONS,
)


@dataclass(frozen=True)
class Difference:
    """A key on which truth and books disagree, and by how much (truth minus books)."""

    key: dict[str, object]
    rows: int
    amounts: dict[str, Decimal]


def truth_checks(con: duckdb.DuckDBPyConnection, folder: Path, held: frozenset[str]) -> list[Check]:
    """Compare every truth file that is there with the tables that stand for it.

    Args:
        con: a connection with the lake attached.
        folder: where the simulator wrote the truth.
        held: the lake's tables; a comparison whose tables do not exist yet is left out
            (``books_are_built`` tells).
    """
    return [
        _check(con, comparison, folder)
        for comparison in COMPARISONS
        if held.issuperset(comparison.needs) and (folder / comparison.file).is_file()
    ]


def truth_differences(
    con: duckdb.DuckDBPyConnection, folder: Path, check_id: str, limit: int = 20
) -> list[Difference]:
    """The rows behind a broken comparison, largest first.

    Args:
        con: a connection with the lake attached.
        folder: where the simulator wrote the truth.
        check_id: the id of a truth check.
        limit: at most so many.
    """
    [comparison] = [item for item in COMPARISONS if item.id == check_id]
    keys = ", ".join(comparison.key)
    columns = "".join(f", {name}" for name in comparison.amounts)
    rows = con.execute(
        f"""
        {_compared(comparison, folder)}
        SELECT {keys}, surplus{columns}
        FROM compared
        WHERE is_broken
        ORDER BY worst DESC, {keys}
        LIMIT {int(limit)}
        """
    ).fetchall()
    width = len(comparison.key)
    return [
        Difference(
            key=dict(zip(comparison.key, row[:width], strict=True)),
            rows=row[width],
            amounts={
                name: amount
                for name, amount in zip(comparison.amounts, row[width + 1 :], strict=True)
                if amount
            },
        )
        for row in rows
    ]


def _check(con: duckdb.DuckDBPyConnection, comparison: Comparison, folder: Path) -> Check:
    [(population, broken, worst)] = con.execute(
        f"""
        {_compared(comparison, folder)}
        SELECT count(*), count(*) FILTER (is_broken), max(worst) FILTER (is_broken)
        FROM compared
        """
    ).fetchall()
    return Check(
        id=comparison.id,
        what=comparison.what,
        population=int(population),
        broken=int(broken),
        worst=Decimal(worst or 0),
    )


def _compared(comparison: Comparison, folder: Path) -> str:
    """CTEs ending in ``compared``: one row a key; surplus is rows of truth less rows of books."""
    keys = ", ".join(comparison.key)
    file = f"read_parquet({literal(str(folder / comparison.file))})"
    plus = "".join(f", {name}::DECIMAL(38, 8) AS {name}" for name in comparison.amounts)
    minus = "".join(f", -({name}::DECIMAL(38, 8)) AS {name}" for name in comparison.amounts)
    sums = "".join(f", coalesce(sum({name}), 0) AS {name}" for name in comparison.amounts)
    off = ", ".join(f"abs({name})" for name in comparison.amounts)
    worst = f"greatest({off})" if len(comparison.amounts) > 1 else off or "0"
    return f"""
        WITH truth AS (
            {comparison.truth.format(file=file)}
        ),
        books AS (
            {comparison.books.format(file=file)}
        ),
        pile AS (
            SELECT {keys}, 1 AS side{plus} FROM truth
            UNION ALL
            SELECT {keys}, -1 AS side{minus} FROM books
        ),
        summed AS (
            SELECT {keys}, sum(side)::BIGINT AS surplus{sums}
            FROM pile
            GROUP BY {keys}
        ),
        compared AS (
            SELECT
                *,
                {worst} AS worst,
                surplus <> 0 OR {worst} > {comparison.precision} AS is_broken
            FROM summed
        )
    """
