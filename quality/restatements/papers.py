"""Which statements and filings were made from figures that moved, by the registers."""

from __future__ import annotations

import calendar
import datetime as dt

import duckdb
import polars as pl

from warehouse.control import registers
from warehouse.settings import Settings

_STATEMENT = {
    "statement_number": pl.String,
    "tenant_id": pl.String,
    "subject_key": pl.String,
    "first_date": pl.Date,
    "last_date": pl.Date,
}
_FILING = {
    "filing_id": pl.String,
    "tenant_id": pl.String,
    "legal_entity": pl.String,
    "first_date": pl.Date,
    "last_date": pl.Date,
}

# A statement speaks of a client, an account or a partner; partners are paid by the ledger alone,
# and no filing reads it. A filing without an entity covers them all.
_PAPERS = """
CREATE OR REPLACE TEMP TABLE papers_of_rows AS
WITH statements AS (
    SELECT m.line_no,
        string_agg(DISTINCT s.statement_number, ', ' ORDER BY s.statement_number) AS numbers
    FROM moved_rows AS m
    JOIN registered_statements AS s
        ON s.tenant_id = m.tenant_id
        AND m.business_date BETWEEN s.first_date AND s.last_date
        AND s.subject_key IN (m.partner_key, CASE WHEN m.partner_key IS NULL THEN m.account_key END,
            CASE WHEN m.partner_key IS NULL THEN m.client_key END)
    GROUP BY m.line_no
),
filings AS (
    SELECT m.line_no, string_agg(DISTINCT f.filing_id, ', ' ORDER BY f.filing_id) AS ids
    FROM moved_rows AS m
    JOIN registered_filings AS f
        ON f.tenant_id = m.tenant_id
        AND m.business_date BETWEEN f.first_date AND f.last_date
        AND f.legal_entity IN ('', m.legal_entity)
    WHERE m.partner_key IS NULL
    GROUP BY m.line_no
)
SELECT m.line_no, s.numbers AS statements, f.ids AS filings
FROM moved_rows AS m
LEFT JOIN statements AS s ON s.line_no = m.line_no
LEFT JOIN filings AS f ON f.line_no = m.line_no
"""


def lay_papers(con: duckdb.DuckDBPyConnection, settings: Settings, snapshot_id: int) -> None:
    """Make ``papers_of_rows`` (line_no, statements, filings) for the rows of ``moved_rows``.

    Only what was made from a snapshot before this one can be touched.
    """
    statements = [
        (record.statement_number, record.tenant_id, record.subject_key, *_days(record.period))
        for record in registers.statements(settings)
        if record.snapshot_id < snapshot_id and _days(record.period)
    ]
    filings = [
        (
            record.filing_id,
            record.tenant_id,
            record.legal_entity,
            record.period_from,
            record.period_to,
        )
        for record in registers.filings(settings)
        if record.snapshot_id < snapshot_id
    ]
    con.register("registered_statements", pl.DataFrame(statements, _STATEMENT, orient="row"))
    con.register("registered_filings", pl.DataFrame(filings, _FILING, orient="row"))
    try:
        con.execute(_PAPERS)
    finally:
        con.unregister("registered_statements")
        con.unregister("registered_filings")


def _days(period: str) -> tuple[dt.date, dt.date] | tuple[()]:
    """First and last day of a period as the register writes it: a year, a month, a day, or two
    days; nothing for what is none of these."""
    try:
        if len(period) == 4:
            return dt.date(int(period), 1, 1), dt.date(int(period), 12, 31)
        if len(period) == 7:
            first = dt.date.fromisoformat(f"{period}-01")
            return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
        return dt.date.fromisoformat(period[:10]), dt.date.fromisoformat(period[-10:])
    except ValueError:
        return ()
