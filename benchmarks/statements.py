"""Client statements as PDF: how many a second, from the published books to the archive."""

from __future__ import annotations

from benchmarks.measurement import (
    RUNS,
    BenchmarkError,
    Measurement,
    median,
    spread,
    timed,
    told,
)
from benchmarks.workspace import Size, Workspace, load_all
from warehouse.connection import connect
from warehouse.settings import Settings

DEALS = 40_000
ACCOUNTS = 100
MONTH = "2026-09"
STATEMENTS = 25


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """PDFs a second of a month's busiest clients."""
    from exports.statements.client import make_client_statements
    from orchestration.close import close

    size = Size(deals or DEALS, accounts=ACCOUNTS)
    settings = work.settings(work.broker(size))
    told(f"statements: closing the days of {size.deals:,} deals")
    load_all(settings)
    close(settings, closed_by="benchmarks")
    clients = _busiest_clients(settings)
    spent: list[float] = []
    for number in range(RUNS):
        told(f"statements: run {number + 1} of {RUNS}, {len(clients)} PDFs")
        out = work.folder("statements")
        seconds, made = timed(
            lambda out=out: list(  # type: ignore[misc]
                make_client_statements(settings, clients, MONTH, "pdf", out)
            )
        )
        if len(made) != len(clients):
            raise BenchmarkError(f"{len(made)} of {len(clients)} statements were made")
        spent.append(seconds)
    work.drop(settings)
    return [
        Measurement(
            "statements_pdf_per_second",
            len(clients) / median(spent),
            "PDFs/s",
            RUNS,
            f"monthly statements of the {len(clients)} busiest clients, typeset, archived and "
            f"registered; {size.deals:,} deals in {size.days} days; {spread(spent)} s",
        )
    ]


def _busiest_clients(settings: Settings) -> list[str]:
    with connect("read", settings=settings) as con:
        rows = con.execute(
            """
            SELECT client_key, sum(deal_count) AS deals
            FROM lake.finance.fct_daily_pnl
            WHERE client_key IS NOT NULL AND strftime(business_date, '%Y-%m') = ?
            GROUP BY client_key
            ORDER BY deals DESC, client_key
            LIMIT ?
            """,
            [MONTH, STATEMENTS],
        ).fetchall()
    return [client for client, _ in rows]
