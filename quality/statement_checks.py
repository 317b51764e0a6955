"""What was printed against the account roll-forward, and the numbers it was printed under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

import duckdb
import polars as pl

from quality.findings import Check
from warehouse.connection import connect
from warehouse.control import database
from warehouse.control.papers import PaperRecord, missing_numbers, papers
from warehouse.settings import Settings

RULES = {
    "statements_tie": "Every account on a statement opens and closes as its roll-forward does",
    "statement_numbers": "Numbers of statements run from 1 without a gap in each series of a year",
}

_STATED = {
    "account_key": pl.String,
    "period_from": pl.Date,
    "period_to": pl.Date,
    "opening_balance": pl.String,
    "closing_balance": pl.String,
    "closing_credit": pl.String,
    "equity": pl.String,
}

_DIFFERENCES = """
WITH stated AS (
    SELECT
        account_key, period_from, period_to,
        opening_balance::DECIMAL(38, 8) AS opening_balance,
        closing_balance::DECIMAL(38, 8) AS closing_balance,
        closing_credit::DECIMAL(38, 8) AS closing_credit,
        equity::DECIMAL(38, 8) AS equity
    FROM stated_balances
),
rolled AS (
    SELECT
        stated.account_key, stated.period_from, stated.period_to,
        coalesce(arg_max(days.closing_balance_amount, days.business_date)
            FILTER (WHERE days.business_date < stated.period_from), 0) AS opening_balance,
        coalesce(arg_max(days.closing_balance_amount, days.business_date), 0) AS closing_balance,
        coalesce(arg_max(days.closing_credit_amount, days.business_date), 0) AS closing_credit,
        coalesce(arg_max(days.equity_amount, days.business_date), 0) AS equity
    FROM stated
    LEFT JOIN (SELECT * FROM lake.finance.fct_account_days AT (VERSION => {snapshot})) AS days
        ON days.account_key = stated.account_key AND days.business_date <= stated.period_to
    GROUP BY stated.account_key, stated.period_from, stated.period_to
),
differences AS (
    SELECT greatest(
        abs(stated.opening_balance - rolled.opening_balance),
        abs(stated.closing_balance - rolled.closing_balance),
        abs(stated.closing_credit - rolled.closing_credit),
        abs(stated.equity - rolled.equity)
    ) AS difference
    FROM stated
    JOIN rolled
        ON rolled.account_key = stated.account_key
        AND rolled.period_from = stated.period_from
        AND rolled.period_to = stated.period_to
)
SELECT count(*), count(*) FILTER (difference <> 0), coalesce(max(difference), 0) FROM differences
"""


def paper_checks(
    settings: Settings,
    *,
    tenant_id: str | None = None,
    kind: str | None = None,
    period: str | None = None,
) -> list[Check]:
    """Every statement sent ties to the roll-forward it was made from, and no number is missing.

    A statement is compared with the account days of its own snapshot, account by account: opening
    and closing balance, credit and equity.

    Args:
        settings: the installation.
        tenant_id: only this tenant's papers.
        kind: only papers of this kind.
        period: only papers of this period.
    """
    is_there = database.exists(settings)
    held = papers(settings, tenant_id=tenant_id, kind=kind, period=period) if is_there else []
    made, missing = missing_numbers(settings, tenant_id=tenant_id) if is_there else (0, 0)
    numbers = Check(
        id="statement_numbers",
        what=RULES["statement_numbers"],
        population=made,
        broken=missing,
        worst=Decimal(missing),
    )
    return [_ties(settings, held), numbers]


def _ties(settings: Settings, held: Sequence[PaperRecord]) -> Check:
    by_snapshot: dict[int, list[PaperRecord]] = defaultdict(list)
    for paper in held:
        if paper.balances:
            by_snapshot[paper.snapshot_id].append(paper)
    population, broken, worst = 0, 0, Decimal(0)
    if by_snapshot:
        with connect("read", settings=settings) as con:
            kept = {
                row[0]
                for row in con.execute(
                    "SELECT snapshot_id FROM ducklake_snapshots('lake')"
                ).fetchall()
            }
            for snapshot, made in sorted(by_snapshot.items()):
                rows = _stated(made)
                population += len(rows)
                if snapshot not in kept:
                    broken += len(rows)
                    continue
                found, largest = _compared(con, snapshot, rows)
                broken += found
                worst = max(worst, largest)
    return Check(
        id="statements_tie",
        what=RULES["statements_tie"],
        population=population,
        broken=broken,
        worst=worst,
    )


def _stated(made: Iterable[PaperRecord]) -> list[tuple[object, ...]]:
    return [
        (
            account_key,
            paper.period_from,
            paper.period_to,
            balances.opening_balance,
            balances.closing_balance,
            balances.closing_credit,
            balances.equity,
        )
        for paper in made
        for account_key, balances in paper.balances.items()
    ]


def _compared(
    con: duckdb.DuckDBPyConnection, snapshot: int, rows: list[tuple[object, ...]]
) -> tuple[int, Decimal]:
    con.register("stated_balances", pl.DataFrame(rows, _STATED, orient="row").unique())
    try:
        [(_, broken, worst)] = con.execute(_DIFFERENCES.format(snapshot=snapshot)).fetchall()
    finally:
        con.unregister("stated_balances")
    return int(broken), Decimal(worst)
