"""Reading what was restated, as `daybook restatements` and the screens show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from quality.lake_tables import held_tables
from warehouse.connection import connect
from warehouse.settings import Settings

_TABLE = "meta.restatements"

_LINES = """
SELECT *
FROM lake.meta.restatements
WHERE ($1::DATE IS NULL OR restated_at >= $1::DATE)
    AND ($2::VARCHAR IS NULL OR tenant_id = $2)
ORDER BY restated_at DESC, tenant_id, server_id, business_date, mart_name, row_key, column_name
"""


@dataclass(frozen=True)
class RestatedDay:
    """A day that was published again because its figures moved.

    Attributes:
        rows: rows of marts that moved.
        pnl_moved: sum of what moved in the day's P&L, in reporting currency.
        causes: why, each once.
    """

    tenant_id: str
    server_id: str
    business_date: dt.date
    version: int
    restated_at: dt.datetime
    old_snapshot_id: int
    new_snapshot_id: int
    rows: int
    pnl_moved: Decimal
    reporting_currency: str | None
    causes: tuple[str, ...]
    statements: tuple[str, ...]
    filings: tuple[str, ...]


def restatement_lines(
    settings: Settings, *, since: dt.date | None = None, tenant_id: str | None = None
) -> pl.DataFrame:
    """Every restated figure, the newest first; empty where nothing was ever restated.

    Args:
        settings: the installation.
        since: only what was restated on this UTC day or later.
        tenant_id: whose; None for all.
    """
    with connect("read", settings=settings) as con:
        if _TABLE not in held_tables(con):
            return pl.DataFrame()
        return con.execute(_LINES, [since, tenant_id]).pl()


def restated_days(lines: pl.DataFrame) -> list[RestatedDay]:
    """The days of such lines, the newest restatement first."""
    if lines.is_empty():
        return []
    is_pnl = (pl.col("mart_name") == "finance.fct_daily_pnl") & (
        pl.col("column_name") == "total_reporting"
    )
    day = ["tenant_id", "server_id", "business_date"]
    version = ["version", "restated_at", "old_snapshot_id", "new_snapshot_id"]
    days = (
        lines.group_by(day + version)
        .agg(
            pl.struct("mart_name", "row_key").n_unique().alias("rows"),
            pl.col("difference").filter(is_pnl).sum().alias("pnl_moved"),
            pl.col("currency").filter(is_pnl).first().alias("reporting_currency"),
            *(_parts(name) for name in ("causes", "statements", "filings")),
        )
        .sort(["restated_at", *day], descending=[True, False, False, False])
    )
    found = []
    for row in days.iter_rows(named=True):
        listed = {name: tuple(sorted(row[name])) for name in ("causes", "statements", "filings")}
        found.append(RestatedDay(**{**row, **listed}))
    return found


def _parts(name: str) -> pl.Expr:
    """The distinct entries of a column of comma-separated lists."""
    entries = pl.col(name).str.split(", ").explode()
    return entries.filter(entries != "").unique()
